// The OpenAPI 3.1 document, made from the routes and what stands beside each of them. There is no other list of paths.
// No part of the Worker: `npm run openapi` writes src/static/openapi.json, and its test fails when that is an old one.
import { VERSION } from '../../domain/version.ts'
import type { LatchkeyEnv } from '../context.ts'
import type { Hono } from '../hono.ts'
import { isOAuthPath, isPagePath } from '../negotiate.ts'
import { demandOf, SECURITY_SCHEMES } from './callers.ts'
import { createRenderer, type Json, mayBeAbsent, type Renderer } from './json-schema.ts'
import {
  type Answer,
  type Content,
  type Fields,
  type Operation,
  operationOf,
  type Redirect,
} from './operation.ts'
import { type RefusalForm, refusal, refusalComponents } from './refusals.ts'

/** For any operation: plain http, a fault, a dependency that does not answer. */
const ALWAYS = [403, 500, 503]
const WITH_BODY = [400, 413, 415]
/** Who opens a page over plain http, and asks for no JSON, is sent on (../middleware/require-https.ts). */
const TO_HTTPS = { 301: { $ref: '#/components/responses/ToHttps' } }

/** All of the document but for `servers`. */
export function describeRoutes(routes: Hono<LatchkeyEnv>['routes']): Json {
  const renderer = createRenderer()
  const paths: Record<string, Record<string, Json>> = {}
  for (const { method, path, handler } of routes) {
    const described = operationOf(handler)
    if (described === undefined) continue
    const template = path.replaceAll(/:([^/]+)/g, '{$1}')
    paths[template] = {
      ...paths[template],
      [method.toLowerCase()]: describeOperation(described, method, path, renderer),
    }
  }
  const responses = { ...refusalComponents(renderer), ToHttps: redirect('ToHttps', 'anywhere') }
  return {
    openapi: '3.1.0',
    info: { title: 'Latchkey', version: VERSION },
    paths,
    components: { schemas: renderer.named, responses, securitySchemes: SECURITY_SCHEMES },
  }
}

function describeOperation(described: Operation, method: string, path: string, { render }: Renderer): Json {
  const { summary, by, headers = [], query, json, form, answers, refusals = [] } = described
  const isChange = method !== 'GET'
  const body = isChange ? (json ?? form) : undefined
  const demand = demandOf(by)
  const statuses = [
    ...ALWAYS,
    ...demand.refusals,
    ...refusals,
    ...(query === undefined ? [] : [400]),
    ...(body === undefined ? [] : WITH_BODY),
  ]
  const formOfRefusal = refusalFormOf(path)
  const parameters = [
    ...[...path.matchAll(/:([^/]+)/g)].map(([, name]) =>
      parameter('path', name ?? '', { type: 'string' }, true),
    ),
    ...headers.map(name => parameter('header', name, { type: 'string' }, false)),
    ...(query === undefined ? [] : queryParameters(query, render)),
  ]
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/\W+/g, '_')}`,
    summary,
    security: demand.security(isChange),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: {
              [json === undefined ? 'application/x-www-form-urlencoded' : 'application/json']: {
                schema: render(body, 'input'),
              },
            },
          },
        }),
    responses: {
      ...(!isChange && isPagePath(path) ? TO_HTTPS : {}),
      ...Object.fromEntries(statuses.map(status => [status, refusal(formOfRefusal, status)])),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(summary, answer, render)]),
      ),
    },
  }
}

const refusalFormOf = (path: string): RefusalForm =>
  isOAuthPath(path) ? 'OAuthError' : isPagePath(path) ? 'Page' : 'Problem'

const parameter = (place: string, name: string, schema: Json, required: boolean): Json => ({
  name,
  in: place,
  required,
  schema,
})

const queryParameters = ({ entries }: Fields, render: Renderer['render']): readonly Json[] =>
  Object.entries(entries).map(([name, schema]) =>
    parameter('query', name, render(schema, 'input'), !mayBeAbsent(schema as never, 'input')),
  )

function response(description: string, answer: Answer, render: Renderer['render']): Json {
  if (answer === null) return { description }
  if (typeof answer === 'object' && 'to' in answer) return redirect(description, answer.to)
  const contents: readonly Content[] = [answer].flat()
  const content = contents.map(each =>
    typeof each === 'string'
      ? [each, { schema: { type: 'string' } }]
      : ['application/json', { schema: render(each, 'output') }],
  )
  return { description, content: Object.fromEntries(content) }
}

function redirect(description: string, to: Redirect['to']): Json {
  const schema = { type: 'string', ...(to === 'anywhere' ? {} : { pattern: patternOf(to) }) }
  return { description, headers: { Location: { required: true, schema } } }
}

const patternOf = (to: Exclude<Redirect['to'], 'anywhere'>): string =>
  to === 'own_path' ? '^/(?![/\\\\])' : `^(${to.join('|')})(\\?.*)?$`
