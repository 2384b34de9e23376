// What a refusal looks like: a problem (RFC 9457), the OAuth endpoints' JSON (RFC 6749 §5.2), or a page for people.
import * as v from 'valibot'
import { EndedBy, ReplacedBy } from '../session-end-view.ts'
import { Time } from './fields.ts'
import type { Json, Renderer } from './json-schema.ts'

const text = v.string()

const ProblemBody = v.pipe(
  v.object({
    type: text,
    title: text,
    status: v.pipe(v.number(), v.integer()),
    code: text,
    detail: text,
    request_id: text,
    reason: v.optional(text),
    ended_at: v.optional(Time),
    replaced_by: v.optional(ReplacedBy),
    by: v.optional(EndedBy),
  }),
  v.title('Problem'),
)

const OAuthErrorBody = v.pipe(
  v.object({ error: text, error_description: text, code: v.optional(text) }),
  v.title('OAuthError'),
)

const FORMS = {
  Problem: { 'application/problem+json': ProblemBody },
  OAuthError: { 'application/json': OAuthErrorBody },
  Page: { 'application/problem+json': ProblemBody, 'text/html': text },
} as const

export type RefusalForm = keyof typeof FORMS

const KINDS = {
  Refused: [],
  Unauthorized: ['WWW-Authenticate'],
  TryLater: ['Retry-After'],
} as const

const HEADERS = {
  'WWW-Authenticate': 'How to prove who is asking',
  'Retry-After': 'Seconds',
} as const

/**
 * A client that failed to prove who it is by its form is told of no other way (RFC 6749 §5.2), and where the service is not
 * set up, waiting does not help.
 */
const mayBeAbsent = (form: string, header: keyof typeof HEADERS): boolean =>
  form === 'OAuthError' || header === 'Retry-After'

const kindOf = (status: number): keyof typeof KINDS =>
  status === 401 ? 'Unauthorized' : status === 429 || status === 503 ? 'TryLater' : 'Refused'

export const refusal = (form: RefusalForm, status: number): Json => ({
  $ref: `#/components/responses/${form}${kindOf(status)}`,
})

/** Each form of each kind, once. */
export function refusalComponents({ render }: Renderer): Json {
  const forms = Object.entries(FORMS).flatMap(([form, bodies]) =>
    Object.entries(KINDS).map(([kind, headers]) => [
      `${form}${kind}`,
      {
        description: kind,
        headers: Object.fromEntries(
          headers.map(name => {
            const required = !mayBeAbsent(form, name)
            return [name, { description: HEADERS[name], required, schema: { type: 'string' } }]
          }),
        ),
        content: Object.fromEntries(
          Object.entries(bodies).map(([type, body]) => [type, { schema: render(body, 'output') }]),
        ),
      },
    ]),
  )
  return Object.fromEntries(forms)
}
