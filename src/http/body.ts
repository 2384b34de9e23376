// Reading a body: its type, its size, strict UTF-8, then its schema. Nothing of it is repeated in a refusal.
import * as v from 'valibot'
import { parseUtf8 } from '../domain/encoding.ts'
import { BODY_MAX_BYTES } from '../domain/limits.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type FormParameters, parseForm } from '../oauth/parameters.ts'
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

export async function readJson<Schema extends v.GenericSchema>(
  c: LatchkeyContext,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  requireType(c, 'application/json')
  return checkBody(schema, parseJson(await readText(c)))
}

/** Like readJson, where a body may be left out. */
export async function readOptionalJson<Schema extends v.GenericSchema>(
  c: LatchkeyContext,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const text = await readText(c)
  if (text === '' && c.req.header('Content-Type') === undefined) return checkBody(schema, {})
  requireType(c, 'application/json')
  if (text === '') return checkBody(schema, {})
  return checkBody(schema, parseJson(text))
}

/** Throws a problem for a repeated field: each is read from one place, once. */
export async function readForm(c: LatchkeyContext): Promise<FormParameters> {
  const text = await readFormText(c)
  try {
    return parseForm(text)
  } catch (error) {
    throw error instanceof OAuthError ? new Problem('invalid_request', { detail: error.description }) : error
  }
}

/** A form as it was sent: for whoever judges repeated fields by itself. */
export async function readFormText(c: LatchkeyContext): Promise<string> {
  requireType(c, FORM_TYPE)
  return readText(c)
}

/** The form of an OAuth endpoint: refusals have the RFC's form, and nothing is taken from the query. */
export async function readOAuthForm(c: LatchkeyContext): Promise<FormParameters> {
  if (!isForm(c)) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded')
  }
  if (/\?./.test(c.req.url)) {
    throw new OAuthError('invalid_request', 'parameters belong in the body')
  }
  const bytes = await readBytes(c)
  const text = bytes === null ? null : parseUtf8(bytes)
  if (text === null) throw new OAuthError('invalid_request', 'the body is too large or no valid UTF-8')
  return parseForm(text)
}

/** The query; of a repeated name the first counts. */
export const readQuery = <Schema extends v.GenericSchema>(
  c: LatchkeyContext,
  schema: Schema,
): v.InferOutput<Schema> => checkBody(schema, c.req.query())

/** Throws `invalid_request`, which names the fields at fault that have names of ours. */
export function checkBody<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  // To the validator an array is an object too; no body of ours is one.
  const parsed = v.safeParse(schema, Array.isArray(value) ? null : value)
  if (parsed.success) return parsed.output
  // A member that nobody knows is not named: it would be an echo.
  const issues = parsed.issues.filter(({ type }) => type !== 'strict_object')
  const fields = issues.map(({ path = [] }) =>
    path
      .map(({ key }) => key)
      .filter(key => typeof key === 'string')
      .join('.'),
  )
  const known = [...new Set(fields)].filter(field => /^[a-z_.]{1,60}$/.test(field))
  throw new Problem('invalid_request', known.length === 0 ? {} : { detail: `check: ${known.join(', ')}` })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('invalid_request', { detail: 'the body is no JSON' })
  }
}

function requireType(c: LatchkeyContext, type: string): void {
  if (mediaType(c) !== type)
    throw new Problem('unsupported_media_type', { detail: `the body must be ${type}` })
}

const FORM_TYPE = 'application/x-www-form-urlencoded'

export const isForm = (c: LatchkeyContext): boolean => mediaType(c) === FORM_TYPE

const mediaType = (c: LatchkeyContext): string =>
  (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

async function readText(c: LatchkeyContext): Promise<string> {
  const bytes = await readBytes(c)
  if (bytes === null) throw new Problem('body_too_large')
  const text = parseUtf8(bytes)
  if (text === null) throw new Problem('invalid_request', { detail: 'the body is no valid UTF-8' })
  return text
}

/** null when the body is over the limit; no more than the limit is ever held. */
async function readBytes(c: LatchkeyContext): Promise<Uint8Array | null> {
  const length = Number(c.req.header('Content-Length') ?? Number.NaN)
  if (length > BODY_MAX_BYTES) return null
  // As long as was said: the transport sees to that.
  if (length >= 0) return new Uint8Array(await c.req.raw.arrayBuffer())
  const { body } = c.req.raw
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > BODY_MAX_BYTES) return null
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
