import { certificateCsv } from '../../contract/certificate.ts';
import { Fault } from '../../contract/faults.ts';
import { openCertificate } from '../../db/pipeline/certificates.ts';
import type { Agent } from '../index.ts';
import { type Caller, writeDown } from './audit.ts';

/** Give a certificate as a file, and write down before that somebody has taken it. @throws {Fault} `input-wrong` where there is none. */
export async function exportCertificate(
  agent: Agent,
  { id, format }: { readonly id?: number | undefined; readonly format: 'csv' | 'json' },
  caller: Caller,
): Promise<{ fileName: string; text: string }> {
  const opened = openCertificate(agent.stores.read, id ?? null);
  if (!opened)
    throw new Fault('input-wrong', { detail: id === undefined ? 'no certificate was made yet' : `there is no certificate ${id}` });
  const { certificate, digest } = opened;
  await writeDown(agent, caller, {
    action: 'certificate-exported',
    kind: 'certificate',
    id: digest.slice(0, 16),
    detail: { format, digest },
  });
  const text = format === 'csv' ? certificateCsv(opened) : `${JSON.stringify(opened, null, 2)}\n`;
  return { fileName: `certificate-${certificate.hotelId}-${certificate.businessDate ?? ''}-${opened.id}.${format}`, text };
}
