import { Modal, useMantineColorScheme } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useChange, useConnections } from '../line.tsx';
import { usePreferences } from '../preferences.ts';
import { goTo, places } from '../router.ts';
import { useText } from '../text/text.tsx';
import { toast } from '../ui/toasts.tsx';
import styles from './palette.module.css';
import { useWhereIs } from './where-is.ts';

type Command = { readonly id: string; readonly group: string; readonly words: string; readonly run: () => void };

/** From the moment it is drawn: what a person types right after Ctrl+K is not lost. */
const focusAtOnce = (input: HTMLInputElement | null) => input?.focus({ preventScroll: true });

/** One box for everything that can be done or gone to. Arrows move, Enter does. */
export function Palette({
  isOpen,
  onClose,
  onShortcuts,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
}) {
  const text = useText();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const commands = useCommands(onShortcuts);
  const where = useWhereIs(typed, isOpen);
  const found = [...commands.filter((command) => fits(command.words, typed)), ...where.found];
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed decides which line is first.
  useEffect(() => setAt(0), [typed]);
  useEffect(() => {
    if (isOpen) setTyped('');
  }, [isOpen]);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((before) => Math.min(found.length - 1, before + 1));
    else if (event.key === 'ArrowUp') setAt((before) => Math.max(0, before - 1));
    else if (event.key === 'Enter') run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset={80}
      attributes={{ content: { 'aria-label': text.frame.search } }}
    >
      <input
        className={styles.input}
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={found[at] ? `palette-${found[at].id}` : undefined}
        aria-label={text.palette.placeholder}
        placeholder={text.palette.placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKey}
        ref={focusAtOnce}
        data-autofocus
      />
      <div className={styles.list} role="listbox" id="palette-list" aria-label={text.frame.search}>
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are answered by the field above, which keeps the focus.
          <div
            className={styles.line}
            role="option"
            tabIndex={-1}
            id={`palette-${command.id}`}
            key={command.id}
            aria-selected={index === at}
            onClick={() => run(command)}
            onMouseMove={() => setAt(index)}
          >
            <span className="grow trim">{command.words}</span>
            <span className="faint small">{command.group}</span>
          </div>
        ))}
      </div>
      <div role="status">
        {found.length === 0 && !where.isSearching && <p className={styles.none}>{text.palette.none}</p>}
        {where.note.map((words) => (
          <p className={styles.none} key={words}>
            {words}
          </p>
        ))}
      </div>
    </Modal>
  );
}

function fits(words: string, typed: string): boolean {
  const plain = words.toLocaleLowerCase();
  return typed
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((part) => plain.includes(part));
}

function useCommands(onShortcuts: () => void): Command[] {
  const text = useText();
  const connections = useConnections();
  const { language, set } = usePreferences();
  const { colorScheme } = useMantineColorScheme();
  const sync = useChange((client, id: string) => client.connections.syncNow({ id }));
  const { groups } = text.palette;
  const isDark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  return [
    ...places.map((place) => ({ id: place, group: groups.go, words: text.palette.go(text.frame.places[place]), run: () => goTo(place) })),
    { id: 'history', group: groups.go, words: text.palette.go(text.history.title), run: () => goTo('settings', 'history') },
    ...(connections.data ?? []).flatMap(({ id, title, direction }) => [
      { id: `open-${id}`, group: groups.connections, words: text.palette.open(title), run: () => goTo('connections', id) },
      ...(direction === 'source'
        ? [
            {
              id: `sync-${id}`,
              group: groups.act,
              words: text.palette.sync(title),
              run: () => sync.mutate(id, { onSuccess: () => toast(text.connections.synced(title)) }),
            },
          ]
        : []),
    ]),
    { id: 'add', group: groups.act, words: text.palette.addConnection, run: () => goTo('connections', 'new') },
    { id: 'theme', group: groups.act, words: text.palette.theme, run: () => set({ theme: isDark ? 'light' : 'dark' }) },
    { id: 'language', group: groups.act, words: text.palette.language, run: () => set({ language: language === 'de' ? 'en' : 'de' }) },
    { id: 'shortcuts', group: groups.act, words: text.palette.shortcuts, run: onShortcuts },
  ];
}
