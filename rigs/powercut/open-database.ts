import { openForWriting } from '../../db/open.ts';

/** Open a database as the agent does, migrating it, and close it: what the rig `migrate` writes down. */
openForWriting(process.argv[2] ?? '').close();
