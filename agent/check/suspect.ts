import { join } from 'node:path';

/** Where a start is told that the pages of the database do not fit together, so that it looks at all of them however many they are. */
export const suspectFile = (home: string) => join(home, 'run', 'database-suspect');
