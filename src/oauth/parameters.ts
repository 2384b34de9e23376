// Parameters of a form body: each from one place, each once (RFC 6749 §3.2); an empty one counts as absent.
import { OAuthError } from './errors.ts'

export type FormParameters = Readonly<Record<string, string | undefined>>

/** Throws `invalid_request` for a repeated parameter. */
export function parseForm(body: string): FormParameters {
  const form: Record<string, string> = Object.create(null)
  const seen = new Set<string>()
  for (const [name, value] of pairsOf(body)) {
    if (seen.has(name)) throw new OAuthError('invalid_request', 'a parameter is repeated')
    seen.add(name)
    if (value !== '') form[name] = value
  }
  return form
}

const ENCODED = /[%+?]/

/** Most forms, tokens included, hold nothing that is encoded: cutting them is much cheaper than decoding them. */
const pairsOf = (body: string): Iterable<readonly [name: string, value: string]> =>
  ENCODED.test(body) ? new URLSearchParams(body) : body.split('&').filter(Boolean).map(cutPair)

function cutPair(pair: string): readonly [name: string, value: string] {
  const equals = pair.indexOf('=')
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
}

/** Throws `invalid_request` when it is absent. */
export function required(form: FormParameters, name: string): string {
  const value = form[name]
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`)
  return value
}

/** The first of them when it is absent. Throws `invalid_request` for any other value. */
export function oneOf<const Values extends readonly [string, ...string[]]>(
  form: FormParameters,
  name: string,
  values: Values,
): Values[number] {
  const value = form[name] ?? values[0]
  if (!values.includes(value))
    throw new OAuthError('invalid_request', `${name} is none of ${values.join(', ')}`)
  return value
}
