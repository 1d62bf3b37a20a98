import { MantineProvider } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Certificate } from './certificate/certificate.tsx';
import { Connections } from './connections/connections.tsx';
import { FirstRun } from './first-run/first-run.tsx';
import { Frame } from './frame/frame.tsx';
import { Leaves } from './leaves/leaves.tsx';
import { LineProvider, useConnections, useFacts, useLine } from './line.tsx';
import { Monitoring } from './monitoring/monitoring.tsx';
import { usePreferences } from './preferences.ts';
import { Records } from './records/records.tsx';
import { type Place, useRoute } from './router.ts';
import { takeKey } from './rpc.ts';
import { SetAside } from './set-aside/set-aside.tsx';
import { useSetUp } from './set-up.ts';
import { Settings } from './settings/settings.tsx';
import { HotelZone, useText } from './text/text.tsx';
import { BrandMark, ToneIcon } from './ui/pieces.tsx';
import { theme, variables } from './ui/theme.ts';

takeKey();
// A new address that is opened in this tab changes only what stands behind its #: the page is not loaded again.
addEventListener('hashchange', takeKey);
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
// Where what holds the page still behind a dialog looks for the nonce of its style.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const screens: Record<Place, () => ReactNode> = {
  monitoring: () => <Monitoring />,
  'set-aside': () => <SetAside />,
  records: () => <Records />,
  certificate: () => <Certificate />,
  connections: () => <Connections />,
  leaves: () => <Leaves />,
  settings: () => <Settings />,
};

export function App() {
  const { language, theme: scheme, density } = usePreferences();
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.classList.toggle('comfortable', density === 'comfortable');
  }, [language, density]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      getStyleNonce={() => nonce}
      {...(scheme === 'auto' ? { defaultColorScheme: 'auto' as const } : { forceColorScheme: scheme })}
    >
      <LineProvider>
        <Gate />
      </LineProvider>
    </MantineProvider>
  );
}

/** Until the first connection stands there is nothing to show but why. Afterwards the last data stay on screen. */
function Gate() {
  const { state, client } = useLine();
  const text = useText();
  if (state === 'no-key') return <Notice {...text.states.noKey} />;
  if (state === 'key-refused') return <Notice {...text.states.keyRefused} />;
  if (client) return <Console />;
  if (state === 'away') return <Notice {...text.states.away} isTrying />;
  return <Notice title={text.states.connecting} isTrying />;
}

function Notice({
  title,
  body,
  next,
  isTrying,
}: {
  readonly title: string;
  readonly body?: string;
  readonly next?: string;
  readonly isTrying?: boolean;
}) {
  return (
    <main className="gate">
      <div role="status">
        <BrandMark />
        <h1 className="title hstack">
          {isTrying && <ToneIcon tone="busy" />}
          {title}
        </h1>
        {body && <p className="muted">{body}</p>}
        {next && <p>{next}</p>}
      </div>
    </main>
  );
}

function Console() {
  const facts = useFacts();
  const connections = useConnections();
  const route = useRoute();
  const text = useText();
  const isSettingUp = useSetUp((state) => state.isSettingUp);
  if (!facts.data || !connections.data) return <Notice title={text.states.connecting} isTrying />;
  const isFirstRun = isSettingUp || facts.data.property === null;
  return (
    <HotelZone zone={facts.data.property?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone}>
      {isFirstRun ? (
        <FirstRun facts={facts.data} connections={connections.data} />
      ) : (
        <Frame facts={facts.data}>{screens[route.place]()}</Frame>
      )}
    </HotelZone>
  );
}
