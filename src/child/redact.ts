import { redacted } from '../api/secrets.ts';
import { printable } from './text.ts';

/** Hides secrets in a text that people will see. */
export type Redact = (text: string) => string;

/** Shorter values would blot out ordinary words and hide nothing. */
const shortestSecret = 3;

/** Redacts each value as it is and in the encodings that a tool might print it in. */
export function createRedactor(secrets: Iterable<string>): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret.toWellFormed()));
    forms.add(encodeURI(secret.toWellFormed()));
    forms.add(Buffer.from(secret, 'utf8').toString('base64'));
    forms.add(JSON.stringify(secret).slice(1, -1));
    // git takes what a server says without naming its encoding for Latin-1.
    const misread = Buffer.from(secret, 'utf8').toString('latin1');
    forms.add(misread);
    // Words of a tool have been made printable before they come here.
    for (const form of [printable(secret), printable(misread)]) {
      if (form.length >= shortestSecret) forms.add(form);
    }
  }
  // The longest first: a form may hold a shorter one.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, redacted), text);
}
