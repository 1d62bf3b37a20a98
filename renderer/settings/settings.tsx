import { Select } from '@mantine/core';
import { HotelForm } from '../forms/hotel-form.tsx';
import { RecoveryKey } from '../forms/recovery-key.tsx';
import { useFacts } from '../line.tsx';
import { type Preferences, usePreferences } from '../preferences.ts';
import { goTo, useRoute } from '../router.ts';
import { useClock, useText } from '../text/text.tsx';
import { Button } from '../ui/pieces.tsx';
import { toast } from '../ui/toasts.tsx';
import { Backups } from './backups.tsx';
import { History } from './history.tsx';
import { KeepDays, SameRecordRules } from './rules.tsx';

/** The settings, or one of the screens that hang on them. */
export function Settings() {
  return useRoute().id === 'history' ? <History /> : <Overview />;
}

/** Language and look of this PC's console, the hotel, the recovery key, and what runs here. */
function Overview() {
  const text = useText();
  const facts = useFacts();
  return (
    <>
      <div className="viewhead">
        <h1>{text.settings.title}</h1>
      </div>
      <div className="scroll">
        <div className="page">
          <Look />
          {facts.data && (
            <section className="stack" aria-label={text.hotel.title}>
              <h2 className="sec">{text.hotel.title}</h2>
              <HotelForm property={facts.data.property} submitLabel={text.states.save} onSaved={() => toast(text.hotel.saved)} />
            </section>
          )}
          <section className="stack" aria-label={text.recovery.title}>
            <h2 className="sec">{text.recovery.title}</h2>
            <RecoveryKey onKept={null} />
          </section>
          <Backups />
          <SameRecordRules />
          <KeepDays />
          <section className="stack" aria-label={text.history.title}>
            <h2 className="sec">{text.history.title}</h2>
            <p>{text.history.intro}</p>
            <div className="actions">
              <Button onClick={() => goTo('settings', 'history')}>{text.history.show}</Button>
            </div>
          </section>
          <About />
        </div>
      </div>
    </>
  );
}

function Look() {
  const text = useText();
  const { language, theme, density, set } = usePreferences();
  const data = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }));
  return (
    <section className="stack" aria-label={text.settings.look}>
      <h2 className="sec">{text.settings.look}</h2>
      <Select
        label={text.settings.language}
        data={data(text.settings.languages)}
        value={language}
        allowDeselect={false}
        onChange={(value) => set({ language: (value ?? 'en') as Preferences['language'] })}
      />
      <Select
        label={text.settings.theme}
        data={data(text.settings.themes)}
        value={theme}
        allowDeselect={false}
        onChange={(value) => set({ theme: (value ?? 'auto') as Preferences['theme'] })}
      />
      <Select
        label={text.settings.density}
        data={data(text.settings.densities)}
        value={density}
        allowDeselect={false}
        onChange={(value) => set({ density: (value ?? 'compact') as Preferences['density'] })}
      />
    </section>
  );
}

function About() {
  const text = useText();
  const clock = useClock();
  const { data } = useFacts();
  if (!data) return null;
  return (
    <section className="stack" aria-label={text.settings.about}>
      <h2 className="sec">{text.settings.about}</h2>
      <dl className="dl">
        <dt>{text.settings.version}</dt>
        <dd>{data.version}</dd>
        <dt>{text.settings.home}</dt>
        <dd className="mono">{data.home}</dd>
        <dt>{text.settings.started}</dt>
        <dd>{clock.moment(data.startedAtMs, Date.now())}</dd>
      </dl>
    </section>
  );
}
