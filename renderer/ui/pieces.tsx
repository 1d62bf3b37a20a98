import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconHourglassLow,
  IconInfoCircle,
  IconLoader2,
  IconPlayerPause,
  type TablerIcon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** How good or bad something is. Weight and icon say it, colour only helps. */
export type Tone = 'ok' | 'warn' | 'fail' | 'wait' | 'info' | 'busy' | 'pause';

const icons: Record<Tone, TablerIcon> = {
  ok: IconCircleCheck,
  warn: IconAlertTriangle,
  fail: IconAlertOctagon,
  wait: IconHourglassLow,
  info: IconInfoCircle,
  busy: IconLoader2,
  pause: IconPlayerPause,
};
const classes: Record<Tone, string> = { ok: 'ok', warn: 'warn', fail: 'fail', wait: 'wait', info: 'info', busy: 'wait', pause: 'wait' };

export function ToneIcon({ tone }: { readonly tone: Tone }) {
  const Icon = icons[tone];
  return <Icon size={16} stroke={1.75} className={tone === 'busy' ? 'spin' : undefined} aria-hidden />;
}

/** A state in words with its icon. */
export function Status({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`st ${classes[tone]}`}>
      <ToneIcon tone={tone} />
      <span className="trim">{children}</span>
    </span>
  );
}

export function Kbd({ children }: { readonly children: string }) {
  return <kbd className="kbd">{children}</kbd>;
}

type ButtonProps = {
  readonly children: ReactNode;
  readonly onClick?: () => void;
  readonly look?: 'plain' | 'primary' | 'quiet' | 'danger';
  readonly isForm?: boolean;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  /** Whether what the button opens is open. */
  readonly isExpanded?: boolean;
  readonly shortcut?: string;
  readonly type?: 'button' | 'submit';
};

export function Button({
  children,
  onClick,
  look = 'plain',
  isForm,
  isBusy,
  isDisabled,
  isExpanded,
  shortcut,
  type = 'button',
}: ButtonProps) {
  const isOff = isBusy || isDisabled;
  return (
    <button
      type={type}
      className={`btn ${look === 'plain' ? '' : look} ${isForm ? 'form' : ''}`}
      onClick={isOff ? undefined : onClick}
      aria-disabled={isOff || undefined}
      aria-busy={isBusy || undefined}
      aria-expanded={isExpanded}
    >
      {isBusy && <ToneIcon tone="busy" />}
      {children}
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </button>
  );
}

/** What happened, what was kept safe, what to do next. */
export function Banner({
  tone,
  title,
  children,
  actions,
}: {
  readonly tone: 'warn' | 'fail' | 'info' | 'calm';
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className={`banner ${tone}`} role={tone === 'fail' ? 'alert' : 'status'}>
      <span className="i st">
        <ToneIcon tone={tone === 'calm' ? 'info' : tone} />
      </span>
      <div className="grow">
        <p className="strong">{title}</p>
        {children}
        {actions && <div className="actions">{actions}</div>}
      </div>
    </div>
  );
}

/** A screen with nothing in it yet, and the next step. */
export function Empty({ title, body, action }: { readonly title: string; readonly body: string; readonly action?: ReactNode }) {
  return (
    <div className="empty">
      <IconCircleDashed size={20} stroke={1.5} aria-hidden />
      <h2 className="sec">{title}</h2>
      <p>{body}</p>
      {action}
    </div>
  );
}

/** The shape of what comes, while it comes. */
export function Skeleton({ rows, label }: { readonly rows: number; readonly label: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <div className="gr" key={row}>
          <span className="sk" />
        </div>
      ))}
    </div>
  );
}

export function BrandMark() {
  return (
    <svg className="brand" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M2.2 12.4a6.8 6.8 0 0 1 13.6 0z" fill="currentColor" />
      <rect x="1" y="13.6" width="16" height="1.9" rx=".95" fill="currentColor" />
      <rect x="7.9" y="2.4" width="2.2" height="2.6" rx="1.1" fill="currentColor" />
    </svg>
  );
}
