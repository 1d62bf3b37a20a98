import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

/** The header of the bench file: the 16 columns of Bellhop's template, and 16 that a PMS also exports and nobody maps. */
const header =
  'Confirmation No,Guest Name,Email,Phone,Room,Room Type,Arrival,Departure,Booked On,Status,Channel,Total,Deposit,Currency,Payment,Requests,' +
  'Rate Code,Market,Adults,Children,VIP,Company,Agent,Nationality,Language,Membership,Level,Block,Nights,Rate,Balance,Clerk';

/** A small generator of repeatable numbers (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Write a file of bookings: invented, seeded, 32 columns, about one row in a hundred with a quoted cell.
 * @returns its size in bytes and the SHA-256 of its content, so that two runs can be seen to have read the same.
 */
export function writeBookings(path: string, rows: number, seed: number): { bytes: number; sha256: string } {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const two = (value: number) => String(value).padStart(2, '0');
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  let bytes = 0;
  const put = (text: string) => {
    hash.update(text);
    bytes += writeSync(file, text);
  };
  put(`${header}\r\n`);
  let lines = '';
  for (let row = 1; row <= rows; row++) {
    const month = 1 + Math.floor(random() * 12);
    const day = 1 + Math.floor(random() * 24);
    const nights = 1 + Math.floor(random() * 4);
    const year = 2024 + Math.floor(random() * 3);
    const name = random() < 0.01 ? `"${pick(lastNames)}, ${pick(firstNames)}"` : `${pick(firstNames)} ${pick(lastNames)}`;
    const total = (100 + random() * 900).toFixed(2);
    lines +=
      `${row},${name},g${row}@example.com,+4420${String(70_000_000 + row)},${100 + (row % 380)},${pick(roomTypes)},${year}-${two(month)}-${two(day)},` +
      `${year}-${two(month)}-${two(day + nights)},${year - 1}-${two(month)}-${two(day)} 1${row % 10}:05:00,${pick(statuses)},${pick(channels)},${total},` +
      `${(random() * 100).toFixed(2)},EUR,${pick(payments)},${random() < 0.2 ? 'High floor' : ''},BAR${row % 9},LEIS,${1 + (row % 3)},${row % 2},${row % 7},,,GB,EN,,,,` +
      `${nights},${(Number(total) / nights).toFixed(2)},0.00,C${row % 20}\r\n`;
    if (lines.length > 1_000_000 || row === rows) {
      put(lines);
      lines = '';
    }
  }
  closeSync(file);
  return { bytes, sha256: hash.digest('hex') };
}

const firstNames = ['Ada', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Farid', 'Grete', 'Hana', 'Ivo', 'Jana', 'Kofi', 'Lena'] as const;
const lastNames = ['Almeida', 'Brandt', 'Costa', 'Demir', 'Eriksen', 'Fontaine', 'Grabowski', 'Halvorsen', 'Ivanova', 'Jansen'] as const;
const roomTypes = ['Double', 'Twin', 'Suite', 'Single', 'Family'] as const;
const statuses = ['RESERVED', 'CHECKED IN', 'CHECKED OUT', 'CANCELLED', 'NO SHOW'] as const;
const channels = ['DIRECT', 'OTA', 'AGENT', 'WALK IN'] as const;
const payments = ['CC', 'CASH', 'INVOICE', 'POINTS'] as const;
