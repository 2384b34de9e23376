// Answers held to /openapi.json: an operation's status must be described, its JSON must have the described members, all of
// them and no other, and it must lead where it is said to.

import { env } from 'cloudflare:workers'
import { type Schema, Validator } from '@cfworker/json-schema'
import { createApp, realPorts } from '../../../src/app.ts'

export interface DescribedOperation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly responses: Readonly<Record<string, DescribedResponse>>
}
interface DescribedResponse {
  readonly $ref?: string
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, DescribedResponse>>
  }
}

let loading: Promise<OpenApi> | null = null

/** The document, as it is served. */
export function openApi(): Promise<OpenApi> {
  loading ??= Promise.resolve(createApp(realPorts).request('https://auth.test/openapi.json', {}, env)).then(
    async answer => (await answer.json()) as OpenApi,
  )
  return loading
}

/** A client may meet members that it does not know; here each of them has to be described. */
const closed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, closed(each)]))
  return 'properties' in members && !('additionalProperties' in members)
    ? { ...members, additionalProperties: false }
    : members
}

const validators = new Map<string, Validator>()

function validatorOf(document: OpenApi, key: string, schema: Schema): Validator {
  const known = validators.get(key)
  if (known !== undefined) return known
  const components = { schemas: closed(document.components.schemas) }
  const made = new Validator({ ...(closed(schema) as Schema), components } as Schema, '2020-12')
  validators.set(key, made)
  return made
}

/** The templates with a member in them, each with the paths that it stands for: made once, asked at every answer. */
let patterns: readonly (readonly [string, RegExp])[] | null = null

const patternsOf = (document: OpenApi) =>
  Object.keys(document.paths)
    .filter(template => template.includes('{'))
    .map(template => {
      const pattern = template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')
      return [template, new RegExp(`^${pattern}$`)] as const
    })

function operationOf(
  document: OpenApi,
  method: string,
  pathname: string,
): [string, DescribedOperation] | null {
  patterns ??= patternsOf(document)
  // `live` is no id.
  const template = Object.hasOwn(document.paths, pathname)
    ? pathname
    : (patterns.find(([, pattern]) => pattern.test(pathname))?.[0] ?? '')
  const described = document.paths[template]?.[method.toLowerCase()]
  return described === undefined ? null : [`${method} ${template}`, described]
}

/** Throws where the answer is not what the document says. */
export async function holdToDocument(method: string, pathname: string, response: Response): Promise<void> {
  const document = await openApi()
  const found = operationOf(document, method, pathname)
  if (found === null) return
  const [name, operation] = found
  const status = String(response.status)
  const described = operation.responses[status]
  if (described === undefined) throw new Error(`${name}: ${status} is not described in /openapi.json`)
  const { content = {}, headers = {} } = resolved(document, described)
  for (const [header, { required = false, schema }] of Object.entries(headers)) {
    const value = response.headers.get(header)
    if (value === null && !required) continue
    const { valid } = validatorOf(document, `${name} ${status} ${header}`, schema).validate(value)
    if (!valid) throw new Error(`${name}: ${status} has another ${header} than /openapi.json says: ${value}`)
  }
  const type = response.headers.get('Content-Type')?.split(';')[0]
  if (type === undefined) return
  const schema = content[type]?.schema
  if (schema === undefined) throw new Error(`${name}: ${status} as ${type} is not described in /openapi.json`)
  if (!/[/+]json$/.test(type)) return
  const text = await response.clone().text()
  if (text === '') return
  const result = validatorOf(document, `${name} ${status} ${type}`, schema).validate(JSON.parse(text))
  const faults = result.errors.map(error => `${error.instanceLocation}: ${error.error}`).join('\n')
  if (!result.valid) throw new Error(`${name}: ${status} is not as /openapi.json says:\n${faults}`)
}

const resolved = (document: OpenApi, response: DescribedResponse): DescribedResponse =>
  response.$ref === undefined
    ? response
    : (document.components.responses[response.$ref.split('/').at(-1) ?? ''] ?? {})
