/** What Oracle says to a client: a number, its sentence, and where in the statement. */
export class OracleError extends Error {
  readonly number: number;
  /** @units characters from the start of the statement. */
  readonly offset: number;

  constructor(number: number, text = sentences[number] ?? 'message file not found', offset = 0) {
    super(`ORA-${String(number).padStart(5, '0')}: ${text}`);
    this.number = number;
    this.offset = offset;
  }
}

/** The sentences of the errors that the sandbox gives by itself, and of those that tests ask for most. */
const sentences: Readonly<Record<number, string>> = {
  1: 'unique constraint violated',
  28: 'your session has been killed',
  54: 'resource busy and acquire with NOWAIT specified or timeout expired',
  60: 'deadlock detected while waiting for resource',
  900: 'invalid SQL statement',
  904: 'invalid identifier',
  909: 'invalid number of arguments',
  918: 'column ambiguously defined',
  923: 'FROM keyword not found where expected',
  932: 'inconsistent datatypes',
  933: 'SQL command not properly ended',
  936: 'missing expression',
  942: 'table or view does not exist',
  979: 'not a GROUP BY expression',
  1001: 'invalid cursor',
  1002: 'fetch out of sequence',
  1008: 'not all variables bound',
  1012: 'not logged on',
  1013: 'user requested cancel of current operation',
  1017: 'invalid username/password; logon denied',
  1031: 'insufficient privileges',
  1033: 'ORACLE initialization or shutdown in progress',
  1034: 'ORACLE not available',
  1045: 'user lacks CREATE SESSION privilege; logon denied',
  1089: 'immediate shutdown or close in progress - no operations are permitted',
  1403: 'no data found',
  1456: 'may not perform insert, delete, update operation inside a READ ONLY transaction',
  1555: 'snapshot too old: rollback segment number 10 with name "_SYSSMU10_1" too small',
  1722: 'invalid number',
  1740: 'missing double quote in identifier',
  1756: 'quoted string not properly terminated',
  1795: 'maximum number of expressions in a list is 1000',
  1821: 'date format not recognized',
  1843: 'not a valid month',
  1847: 'day of month must be between 1 and last day of month',
  1861: 'literal does not match format string',
  2391: 'exceeded simultaneous SESSIONS_PER_USER limit',
  3113: 'end-of-file on communication channel',
  3120: 'two-task conversion routine: integer overflow',
  3135: 'connection lost contact',
  4031: 'unable to allocate bytes of shared memory',
  12170: 'TNS:Connect timeout occurred',
  22275: 'invalid LOB locator specified',
  28000: 'The account is locked.',
  28001: 'the password has expired',
  28002: 'the password will expire within 7 days',
};
