import {
  IconActivityHeartbeat,
  IconCertificate,
  IconDoorExit,
  IconFileAlert,
  IconFiles,
  IconKeyboard,
  IconPlugConnected,
  IconSettings,
  type TablerIcon,
} from '@tabler/icons-react';
import { useConnections, useOverview } from '../line.tsx';
import { hrefOf, type Place, useRoute } from '../router.ts';
import { useText } from '../text/text.tsx';
import { Kbd } from '../ui/pieces.tsx';

const icons: Record<Place, TablerIcon> = {
  monitoring: IconActivityHeartbeat,
  'set-aside': IconFileAlert,
  records: IconFiles,
  certificate: IconCertificate,
  connections: IconPlugConnected,
  leaves: IconDoorExit,
  settings: IconSettings,
};

/** The places of the console. What is not built has no entry. */
export function Rail({ onShortcuts }: { readonly onShortcuts: () => void }) {
  const text = useText();
  const overview = useOverview();
  const connections = useConnections();
  const troubles = overview.data?.alerts.length ?? 0;
  return (
    <nav className="rail" aria-label={text.frame.main}>
      <h2>{text.frame.groups.records}</h2>
      <Entry place="monitoring" count={troubles} isBad />
      <Entry place="set-aside" count={overview.data?.setAside ?? 0} />
      <Entry place="records" count={0} />
      <Entry place="certificate" count={0} />
      <h2>{text.frame.groups.setup}</h2>
      <Entry place="connections" count={connections.data?.length ?? 0} />
      <Entry place="leaves" count={0} />
      <div className="spacer" />
      <button type="button" className="nav" onClick={onShortcuts} title={text.frame.shortcuts} aria-label={text.frame.shortcuts}>
        <IconKeyboard size={16} stroke={1.5} aria-hidden />
        <span aria-hidden>{text.frame.shortcuts}</span>
        <span className="n" aria-hidden>
          <Kbd>?</Kbd>
        </span>
      </button>
      <Entry place="settings" count={0} />
    </nav>
  );
}

function Entry({ place, count, isBad }: { readonly place: Place; readonly count: number; readonly isBad?: boolean }) {
  const text = useText();
  const Icon = icons[place];
  const name = text.frame.places[place];
  return (
    <a
      className="nav"
      href={hrefOf(place)}
      aria-current={useRoute().place === place ? 'page' : undefined}
      title={name}
      aria-label={count > 0 ? `${name} ${count}` : name}
    >
      <Icon size={16} stroke={1.5} aria-hidden />
      <span aria-hidden>{name}</span>{' '}
      {count > 0 && (
        <span className={`n ${isBad ? 'bad' : ''}`} aria-hidden>
          {count}
        </span>
      )}
    </a>
  );
}
