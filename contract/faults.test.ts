import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Fault, faultCodes, faults, fillText } from './faults.ts';

const folder = 'docs/operations';

describe('faults', () => {
  it('have a page in docs/operations each, and no page without a fault', () => {
    const pages = readdirSync(folder)
      .filter((name) => name.endsWith('.md') && name !== 'README.md')
      .map((name) => name.slice(0, -3));
    expect(pages.sort()).toEqual([...faultCodes].sort());
  });

  it.each(faultCodes)('%s says what you see, what is safe, why and what to do', (code) => {
    const page = readFileSync(`${folder}/${code}.md`, 'utf8');
    const missing = ['What you see', 'What is safe', 'Why it happens', 'What to do', 'When it ends'].filter(
      (heading) => !page.includes(`## ${heading}`),
    );
    expect(missing).toEqual([]);
    expect(page.length).toBeGreaterThan(500);
  });

  it('keep to the words of the hotel', () => {
    const avoided = /\b(oops|simply|please wait|invalid|error occurred|payload|endpoint|null)\b/i;
    const said = Object.entries(faults).filter(([, fault]) => avoided.test(`${fault.what} ${fault.safe} ${fault.next}`));
    expect(said).toEqual([]);
  });

  it('fill their sentence from the detail and never show a hole as undefined', () => {
    expect(new Fault('folder-missing', { folder: 'D:\\Exports' }).message).toBe('The folder D:\\Exports is not there.');
    expect(fillText('{host} is {gone}', { host: 'hub' })).toBe('hub is …');
  });
});
