import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { intervals, Schedule } from '../../contract/schedule.ts';
import { useClient } from '../line.tsx';
import { useClock, useText } from '../text/text.tsx';

const kinds = ['every', 'daily', 'cron', 'manual'] as const;

function start(kind: Schedule['kind']): Schedule {
  switch (kind) {
    case 'every':
      return { kind, interval: '15m' };
    case 'daily':
      return { kind, at: '02:00' };
    case 'cron':
      return { kind, expression: '*/10 * * * *' };
    case 'manual':
      return { kind };
  }
}

/** When a source is read, in words, with the next times that follow from it. */
export function ScheduleEditor({ schedule, onChange }: { readonly schedule: Schedule; readonly onChange: (schedule: Schedule) => void }) {
  const text = useText();
  return (
    <fieldset className="stack plain-fieldset">
      <legend className="label">{text.connections.schedule}</legend>
      <Select
        label={text.connections.schedule}
        data={kinds.map((kind) => ({ value: kind, label: text.schedule.kinds[kind] }))}
        value={schedule.kind}
        allowDeselect={false}
        onChange={(kind) => onChange(start((kind ?? 'every') as Schedule['kind']))}
      />
      {schedule.kind === 'every' && (
        <Select
          label={text.schedule.every}
          data={intervals.map((interval) => ({ value: interval, label: text.schedule.intervals[interval] }))}
          value={schedule.interval}
          allowDeselect={false}
          onChange={(interval) => onChange({ kind: 'every', interval: (interval ?? '15m') as (typeof intervals)[number] })}
        />
      )}
      {schedule.kind === 'daily' && (
        <TextInput
          placeholder="02:00"
          maxLength={5}
          label={text.schedule.at}
          value={schedule.at}
          onChange={(event) => onChange({ kind: 'daily', at: event.currentTarget.value })}
        />
      )}
      {schedule.kind === 'cron' && (
        <TextInput
          label={text.schedule.cron}
          description={text.schedule.cronHelp}
          value={schedule.expression}
          spellCheck={false}
          onChange={(event) => onChange({ kind: 'cron', expression: event.currentTarget.value })}
        />
      )}
      <NextTimes schedule={schedule} />
    </fieldset>
  );
}

function NextTimes({ schedule }: { readonly schedule: Schedule }) {
  const client = useClient();
  const text = useText();
  const clock = useClock();
  const isWhole = Schedule.safeParse(schedule).success;
  const preview = useQuery({
    queryKey: ['preview', schedule],
    queryFn: () => client.schedule.preview({ schedule }),
    enabled: isWhole && schedule.kind !== 'manual',
  });
  if (schedule.kind === 'manual') return null;
  const times = preview.data?.nextMs.map((atMs) => clock.moment(atMs, Date.now())).join(' · ') ?? '';
  return (
    <p className="small muted" role="status">
      {preview.error || !isWhole ? text.schedule.unreadable : times === '' ? '' : text.schedule.next(times)}
    </p>
  );
}
