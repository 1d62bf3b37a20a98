import { Select, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { delimiters, encodings, type FieldRule, type FileLayout, Mapping } from '../../contract/mapping.ts';
import { entityOf } from '../../contract/record.ts';
import { useText } from '../text/text.tsx';

type EditProps = {
  readonly mapping: Mapping;
  /** The field over which the row was set aside; null when the whole row could not be taken apart. */
  readonly field: string | null;
  readonly onChange: (mapping: Mapping) => void;
};

/** What of a mapping matters for one reason, as a short form, and the whole of it as text. */
export function MappingEdit({ mapping, field, onChange }: EditProps) {
  const rule = field === null ? undefined : mapping.fields[field];
  return (
    <div className="stack">
      {field !== null && rule ? (
        <RuleForm
          mapping={mapping}
          field={field}
          rule={rule}
          onChange={(next) => onChange({ ...mapping, fields: { ...mapping.fields, [field]: next } })}
        />
      ) : (
        <LayoutForm layout={mapping.file} onChange={(file) => onChange({ ...mapping, file })} />
      )}
      <WholeMapping mapping={mapping} onChange={onChange} />
    </div>
  );
}

type RuleProps = {
  readonly mapping: Mapping;
  readonly field: string;
  readonly rule: FieldRule;
  readonly onChange: (rule: FieldRule) => void;
};

function RuleForm({ mapping, field, rule, onChange }: RuleProps) {
  const text = useText().setAside.mapping;
  const kind = entityOf(mapping.entity).fields.find((one) => one.name === field)?.kind;
  const set = (more: Partial<FieldRule>) => onChange({ ...rule, ...more });
  const isTime = kind === 'day' || kind === 'moment';
  const isNumber = kind === 'money' || kind === 'decimal';
  return (
    <>
      <p className="small muted">{text.ofField(field, rule.column ?? rule.columns?.join(' + ') ?? '')}</p>
      {isTime && (
        <TextInput
          label={text.format}
          description={text.formatHelp}
          value={rule.format ?? ''}
          onChange={(event) => set({ format: event.currentTarget.value || undefined })}
        />
      )}
      {isNumber && (
        <div className="hstack">
          <Select
            label={text.decimal}
            data={['.', ',']}
            value={rule.decimal}
            allowDeselect={false}
            onChange={(next) => set({ decimal: next as FieldRule['decimal'], ...(next === rule.grouping ? { grouping: '' } : {}) })}
          />
          <Select
            label={text.grouping}
            data={[{ value: '', label: text.none }, '.', ',', "'", { value: ' ', label: text.space }].filter((one) => one !== rule.decimal)}
            value={rule.grouping}
            allowDeselect={false}
            onChange={(next) => set({ grouping: (next ?? '') as FieldRule['grouping'] })}
          />
        </div>
      )}
      {kind === 'choice' && <Words mapping={mapping} field={field} rule={rule} onChange={onChange} />}
      <TextInput
        label={text.otherwise}
        description={text.otherwiseHelp}
        value={rule.default ?? ''}
        onChange={(event) => set({ default: event.currentTarget.value || undefined })}
      />
    </>
  );
}

/** The words of the source and what they mean, one in a line. A line that says nothing clear is named, and nothing is left out silently. */
function Words({ mapping, field, rule, onChange }: RuleProps) {
  const text = useText().setAside.mapping;
  const choices = entityOf(mapping.entity).fields.find((one) => one.name === field)?.choices ?? [];
  // Without words so far, each meaning stands for itself; the first word added must not make those unknown.
  const [lines, setLines] = useState(() =>
    Object.entries(rule.values ?? Object.fromEntries(choices.map((choice) => [choice, choice])))
      .map(([word, meaning]) => `${word} = ${meaning}`)
      .join('\n'),
  );
  const wrong = wordsIn(lines, choices).wrong;
  const change = (given: string) => {
    setLines(given);
    const read = wordsIn(given, choices);
    if (read.wrong.length === 0) onChange({ ...rule, values: read.values });
  };
  return (
    <Textarea
      label={text.words}
      description={text.wordsHelp(choices.join(', '))}
      error={wrong.length > 0 ? text.noMeaning(wrong.join(', ')) : null}
      value={lines}
      onChange={(event) => change(event.currentTarget.value)}
      autosize
      minRows={3}
      maxRows={12}
      classNames={{ input: 'mono' }}
    />
  );
}

/** Words and meanings, one pair in a line with a sign of equality between; a word may hold one itself. */
function wordsIn(given: string, choices: readonly string[]): { values: Record<string, string>; wrong: string[] } {
  const values: Record<string, string> = {};
  const wrong: string[] = [];
  for (const line of given.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const at = line.lastIndexOf('=');
    const word = line.slice(0, Math.max(0, at)).trim();
    const meaning = line.slice(at + 1).trim();
    if (at < 0 || word === '' || (meaning !== '' && !choices.includes(meaning))) wrong.push(line);
    else values[word] = meaning;
  }
  return { values, wrong };
}

function LayoutForm({ layout, onChange }: { readonly layout: FileLayout; readonly onChange: (layout: FileLayout) => void }) {
  const text = useText();
  const { mapping: words } = text.setAside;
  const auto = { value: 'auto', label: words.auto };
  return (
    <>
      <div className="hstack">
        <Select
          label={words.encoding}
          data={[auto, ...encodings]}
          value={layout.encoding}
          allowDeselect={false}
          onChange={(next) => onChange({ ...layout, encoding: (next ?? 'auto') as FileLayout['encoding'] })}
        />
        <Select
          label={words.delimiter}
          data={[auto, ...delimiters.map((value) => ({ value, label: text.monitoring.delimiters[value] }))]}
          value={layout.delimiter}
          allowDeselect={false}
          onChange={(next) => onChange({ ...layout, delimiter: (next ?? 'auto') as FileLayout['delimiter'] })}
        />
      </div>
      <Select
        label={words.shortRows}
        data={(['set-aside', 'last-cells-empty', 'next-line'] as const).map((value) => ({ value, label: words.shortRowsAre[value] }))}
        value={layout.shortRows}
        allowDeselect={false}
        onChange={(next) => onChange({ ...layout, shortRows: (next ?? 'set-aside') as FileLayout['shortRows'] })}
      />
      <TextInput
        label={words.footers}
        description={words.footersHelp}
        defaultValue={layout.footers.join(', ')}
        onChange={(event) => {
          const footers = event.currentTarget.value
            .split(',')
            .map((part) => part.trim())
            .filter(Boolean);
          onChange({ ...layout, footers });
        }}
      />
    </>
  );
}

/** The mapping as docs/mapping.md describes it. What cannot be used is said at once and changes nothing. */
function WholeMapping({ mapping, onChange }: { readonly mapping: Mapping; readonly onChange: (mapping: Mapping) => void }) {
  const text = useText().setAside.mapping;
  const [draft, setDraft] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const change = (given: string) => {
    setDraft(given);
    const read = mappingIn(given);
    setProblem('problem' in read ? read.problem : null);
    if ('mapping' in read) onChange(read.mapping);
  };
  return (
    <details className="technical" onToggle={() => setDraft(null)}>
      <summary>{text.whole}</summary>
      <Textarea
        aria-label={text.whole}
        error={problem === null ? null : text.unusable(problem)}
        value={draft ?? JSON.stringify(mapping, null, 2)}
        onChange={(event) => change(event.currentTarget.value)}
        autosize
        minRows={8}
        maxRows={24}
        classNames={{ input: 'mono' }}
      />
    </details>
  );
}

function mappingIn(given: string): { mapping: Mapping } | { problem: string } {
  try {
    const read = Mapping.safeParse(JSON.parse(given));
    if (read.success) return { mapping: read.data };
    const [issue] = read.error.issues;
    return { problem: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
