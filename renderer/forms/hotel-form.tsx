import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Property } from '../../contract/property.ts';
import { useChange } from '../line.tsx';
import { faultOf } from '../rpc.ts';
import { useText } from '../text/text.tsx';
import { FaultNote } from '../ui/fault-note.tsx';
import { Button } from '../ui/pieces.tsx';

// UTC is a zone of its own that the list leaves out; a PC may well be set to it.
const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
const currencies = Intl.supportedValuesOf('currency');

/** The hotel: name, code, zone, currency, and when its day rolls. */
export function HotelForm({
  property,
  submitLabel,
  onSaved,
}: {
  readonly property: Property | null;
  readonly submitLabel: string;
  readonly onSaved: (property: Property) => void;
}) {
  const text = useText();
  const [value, setValue] = useState<Property>(
    property ?? {
      hotelId: '',
      name: '',
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      businessDateRollsAt: '03:00',
      currency: 'EUR',
    },
  );
  const [missing, setMissing] = useState<readonly string[]>([]);
  const save = useChange((client, input: Property) => client.property.save(input));
  const set = (change: Partial<Property>) => setValue((before) => ({ ...before, ...change }));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const absent = (['name', 'hotelId'] as const).filter((name) => value[name].trim() === '');
    setMissing(absent);
    if (absent[0]) document.getElementById(`hotel-${absent[0]}`)?.focus();
    else save.mutate(value, { onSuccess: onSaved });
  };
  const errorOf = (name: string) => (missing.includes(name) ? text.connections.required : null);
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextInput
        id="hotel-name"
        label={text.hotel.name}
        value={value.name}
        withAsterisk
        error={errorOf('name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        id="hotel-hotelId"
        label={text.hotel.code}
        description={text.hotel.codeHelp}
        value={value.hotelId}
        withAsterisk
        error={errorOf('hotelId')}
        onChange={(event) => set({ hotelId: event.currentTarget.value.trim() })}
      />
      <Select
        label={text.hotel.zone}
        description={text.hotel.zoneHelp}
        data={zones}
        value={value.timeZone}
        searchable
        allowDeselect={false}
        onChange={(zone) => zone && set({ timeZone: zone })}
      />
      <Select
        label={text.hotel.currency}
        data={currencies}
        value={value.currency}
        searchable
        allowDeselect={false}
        onChange={(currency) => currency && set({ currency })}
      />
      <TextInput
        placeholder="02:00"
        maxLength={5}
        label={text.hotel.rolls}
        description={text.hotel.rollsHelp}
        value={value.businessDateRollsAt}
        onChange={(event) => set({ businessDateRollsAt: event.currentTarget.value })}
      />
      {save.error && <FaultNote fault={faultOf(save.error)} />}
      <div className="actions">
        <Button look="primary" type="submit" isForm isBusy={save.isPending}>
          {submitLabel}
        </Button>
      </div>
    </form>
  );
}
