import type { CertificateState } from '../../contract/certificate.ts';
import type { Tone } from '../ui/pieces.tsx';

/** How good or bad a state of a certificate is. */
export const tones: Readonly<Record<CertificateState, Tone>> = {
  complete: 'ok',
  waiting: 'wait',
  refused: 'warn',
  different: 'fail',
  'not-compared': 'warn',
};
