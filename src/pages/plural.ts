// "1 session", "3 sessions": the form of a text that goes with a number, by the language's own rules.
import { texts } from './texts.ts'

type PluralForms = { readonly other: string } & Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>

const rules = new Intl.PluralRules(texts.language)

/** @param forms texts with `{n}` where the number stands */
export const counted = (forms: PluralForms, n: number): string =>
  (forms[rules.select(n)] ?? forms.other).replace('{n}', String(n))
