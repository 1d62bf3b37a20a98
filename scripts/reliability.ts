import { writeFileSync } from 'node:fs';
import { recordedRuns, reliabilityFile, reliabilityPage } from '../rigs/reliability.ts';

/** Write RELIABILITY.md anew from the recorded runs. */
writeFileSync(reliabilityFile, reliabilityPage(recordedRuns()));
