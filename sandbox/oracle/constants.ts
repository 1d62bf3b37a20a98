/**
 * The numbers of the wire, named as a reader of the driver's source knows them.
 * @source node-oracledb 26.0.0, lib/thin/sqlnet/constants.js and lib/thin/protocol/constants.js
 */
export const packetType = { connect: 1, accept: 2, refuse: 4, data: 6, marker: 12 } as const;
export const dataFlag = { endOfFile: 0x40, endOfRequest: 0x800 } as const;
export const marker = { break: 1, reset: 2 } as const;

export const message = {
  protocol: 1,
  dataTypes: 2,
  call: 3,
  error: 4,
  rowHeader: 6,
  rowData: 7,
  parameter: 8,
  status: 9,
  lobData: 14,
  warning: 15,
  describe: 16,
  piggyback: 17,
} as const;

export const call = {
  reexecute: 4,
  fetch: 5,
  logoff: 9,
  commit: 14,
  rollback: 15,
  reexecuteAndFetch: 78,
  execute: 94,
  lob: 96,
  closeCursors: 105,
  authTwo: 115,
  authOne: 118,
  cancelCursors: 120,
  endToEnd: 135,
  ping: 147,
  setSchema: 152,
} as const;

export const oracleType = {
  varchar: 1,
  number: 2,
  binaryInteger: 3,
  long: 8,
  date: 12,
  raw: 23,
  longRaw: 24,
  char: 96,
  binaryDouble: 101,
  clob: 112,
  blob: 113,
  timestamp: 180,
  timestampTz: 181,
  timestampLtz: 231,
  boolean: 252,
} as const;

export const executeOption = { define: 0x10, execute: 0x20, fetch: 0x40, commit: 0x100, describe: 0x20000 } as const;
export const lobOperation = { length: 1, read: 2, write: 0x40, createTemporary: 0x110, freeTemporary: 0x111, chunkSize: 0x4000 } as const;

/** Said in the answer's call status; the driver rolls back at close() only when it has seen it. */
export const transactionIsOpen = 2;
/** Below 319 there are no end-of-request marks and no pipelining, which keeps the answers short. */
export const tnsVersion = { '19c': 318, '11.2': 314 } as const;
/** TNS_CCAP_FIELD_VERSION_19_1: the newest layout without the fields of 20c and later. */
export const fieldVersion = 12;
export const verifierFlag = { '12c': 0x4815, '10g': 0x939 } as const;
/** AL32UTF8. */
export const utf8Charset = 873;
