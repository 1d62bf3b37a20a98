import * as m0001 from './0001-pipeline.ts';
import * as m0002 from './0002-figures-and-withheld.ts';
import * as m0003 from './0003-source-tables.ts';
import * as m0004 from './0004-runs.ts';
import * as m0005 from './0005-confirmation-numbers.ts';
import * as m0006 from './0006-damaged-blocks.ts';
import * as m0007 from './0007-damaged-raw-files.ts';
import * as m0008 from './0008-certificates.ts';

/** Every schema step of pipeline.db in order; the database's `user_version` is the number of those applied. */
export const pipelineMigrations: readonly { readonly name: string; readonly up: string }[] = [
  { name: '0001-pipeline', up: m0001.up },
  { name: '0002-figures-and-withheld', up: m0002.up },
  { name: '0003-source-tables', up: m0003.up },
  { name: '0004-runs', up: m0004.up },
  { name: '0005-confirmation-numbers', up: m0005.up },
  { name: '0006-damaged-blocks', up: m0006.up },
  { name: '0007-damaged-raw-files', up: m0007.up },
  { name: '0008-certificates', up: m0008.up },
];
