import { Modal } from '@mantine/core';
import { places } from '../router.ts';
import { useText } from '../text/text.tsx';
import { Kbd } from '../ui/pieces.tsx';

/** Every key the console answers. */
export function Shortcuts({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const text = useText();
  const { keys } = text.shortcuts;
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={<span className="strong">{text.shortcuts.title}</span>}
      size={420}
      closeButtonProps={{ 'aria-label': text.states.close }}
    >
      <div className="stack">
        <List
          title={text.shortcuts.everywhere}
          rows={[
            [['Ctrl', 'K'], keys.palette],
            [['?'], keys.shortcuts],
            ...places.map((place, at) => [[String(at + 1)], keys.go[place]] as const),
            [['Z'], text.states.undo],
            [['Esc'], keys.close],
          ]}
        />
        <List
          title={text.shortcuts.lists}
          rows={[
            [['J', 'K'], keys.move],
            [['Enter'], keys.open],
            [['X'], keys.pick],
            [['H'], keys.hex],
            [['/'], keys.search],
            [['O'], keys.sort],
            [['R'], keys.direction],
            [['N'], keys.add],
            [['S'], keys.sync],
            [['P'], keys.pause],
          ]}
        />
      </div>
    </Modal>
  );
}

function List({ title, rows }: { readonly title: string; readonly rows: readonly (readonly [readonly string[], string])[] }) {
  return (
    <section>
      <h2 className="label">{title}</h2>
      <dl className="dl">
        {rows.map(([keys, words]) => (
          <div className="hstack" key={words}>
            <dt className="kbds">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
