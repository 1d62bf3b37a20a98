import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** Ink, from the design's greys: what the kit calls the primary colour is our solid button. */
const ink: MantineColorsTuple = [
  '#F4F2EE',
  '#E7E3DC',
  '#D3CDC3',
  '#B3ACA0',
  '#8B8479',
  '#6B655B',
  '#524D45',
  '#3B352E',
  '#26221D',
  '#1E1B17',
];

/** The component kit, told our type, radius and spacing; colours come from the tokens below. */
export const theme = createTheme({
  fontFamily: 'var(--font-ui)',
  fontFamilyMonospace: 'var(--font-mono)',
  headings: { fontFamily: 'var(--font-display)', fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '20px', xl: '28px' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '8px', xl: '8px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  defaultRadius: 'sm',
  primaryColor: 'ink',
  primaryShade: 8,
  colors: { ink },
  cursorType: 'default',
  components: {
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: {
      defaultProps: {
        size: 'sm',
        comboboxProps: { transitionProps: { duration: 90 } },
        // The list itself scrolls: a box inside it that scrolls would be one that no key reaches.
        withScrollArea: false,
        styles: { options: { maxHeight: 220, overflowY: 'auto' } },
      },
    },
    Modal: {
      defaultProps: { radius: 'md', transitionProps: { duration: 140 }, overlayProps: { color: 'var(--scrim)', backgroundOpacity: 1 } },
    },
  },
});

const shared = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-3)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-error': 'var(--fail)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--control)',
  '--mantine-color-anchor': 'var(--text)',
  '--mantine-primary-color-filled': 'var(--ink)',
  '--mantine-primary-color-filled-hover': 'var(--ink-hover)',
  '--mantine-primary-color-contrast': 'var(--on-ink)',
  '--mantine-color-disabled': 'var(--sunken)',
  '--mantine-color-disabled-color': 'var(--text-3)',
};

/** The two shades by which the kit draws the ground and the border of a field. */
const fields = {
  light: { '--mantine-color-gray-4': 'var(--control)' },
  dark: { '--mantine-color-dark-6': 'var(--surface)', '--mantine-color-dark-4': 'var(--control)' },
};

/** Put the kit's variables onto our tokens, so that its dialogs, menus and fields look like everything else. */
export const variables: CSSVariablesResolver = () => ({
  variables: { '--mantine-line-height': '20px' },
  light: { ...shared, ...fields.light },
  dark: { ...shared, ...fields.dark },
});
