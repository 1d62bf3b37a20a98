import { config } from 'zod';

type PolicyFactory = { createPolicy(name: string, rules: { createHTML(text: string): string }): unknown };

/**
 * Set the default policy before anything else runs. Texts that hold a tag never become markup, whoever asks for it;
 * the style texts of the component kit hold none.
 */
const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
factory?.createPolicy('default', {
  createHTML: (text) => {
    if (text.includes('<')) throw new TypeError('markup from text is refused');
    return text;
  },
});

// The schema library would try to compile code from text, which the page's policy forbids.
config({ jitless: true });
