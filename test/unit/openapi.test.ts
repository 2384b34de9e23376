// The document as others read it, and what the schemas of routes become in it.
import { Validator } from '@seriousme/openapi-schema-validator'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { createApp, realPorts } from '../../src/app.ts'
import { describeRoutes } from '../../src/http/openapi/document.ts'
import { createRenderer } from '../../src/http/openapi/json-schema.ts'

describe('the OpenAPI document', () => {
  const described = describeRoutes(createApp(realPorts).routes)
  const document = { ...described, servers: [{ url: 'https://auth.test' }] }

  it('that is served is of these very routes: `npm run openapi` writes it', async () => {
    const text = `${JSON.stringify(described, null, 1)}\n`
    await expect(text).toMatchFileSnapshot('../../src/static/openapi.json')
  })

  it('is valid OpenAPI 3.1, to a validator that nobody here wrote', async () => {
    const validator = new Validator()
    const result = await validator.validate(structuredClone(document))
    expect([result.valid, result.errors, validator.version]).toEqual([true, undefined, '3.1'])
    const broken = await new Validator().validate({ ...document, paths: { '/x': { get: { responses: 1 } } } })
    expect(broken.valid).toBe(false)
  })

  it('names each operation once, and refers to nothing that is not there', () => {
    const text = JSON.stringify(document)
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, kind = '', name = ''] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      expect((document as unknown as Refs).components[kind]).toHaveProperty(name)
    }
  })

  interface Refs {
    readonly components: Readonly<Record<string, object>>
  }
})

describe('a schema', () => {
  const Body = v.object({
    text: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(9),
      v.regex(/^a/),
      v.check(text => text !== 'ab'),
    ),
    list: v.optional(v.pipe(v.array(v.boolean()), v.maxLength(2)), []),
    count: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3)), null),
    choice: v.optional(v.picklist(['x', 'y'])),
    digits: v.optional(v.pipe(v.string(), v.regex(/^[0-9]$/), v.toNumber(), v.integer())),
    made: v.pipe(
      v.string(),
      v.transform(text => text.length),
      v.minValue(2),
    ),
  })
  const properties = {
    text: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a' },
    list: { type: 'array', items: { type: 'boolean' }, maxItems: 2 },
    count: { anyOf: [{ type: 'integer', minimum: 1, maximum: 3 }, { type: 'null' }] },
    choice: { type: 'string', enum: ['x', 'y'] },
    digits: { type: 'integer' },
  }

  it('says what may be sent, and what stands there if it is not', () => {
    expect(createRenderer().render(Body, 'input')).toEqual({
      type: 'object',
      properties: {
        ...properties,
        list: { ...properties.list, default: [] },
        count: { ...properties.count, default: null },
        made: { type: 'string' },
      },
      required: ['text', 'made'],
    })
  })

  it('says what comes out of it: defaults are there, and what a function makes is anything', () => {
    expect(createRenderer().render(Body, 'output')).toEqual({
      type: 'object',
      properties: { ...properties, made: {} },
      required: ['text', 'list', 'count', 'made'],
    })
  })

  it('with a title is said once', () => {
    const renderer = createRenderer()
    const Named = v.pipe(v.object({ at: v.pipe(v.string(), v.isoTimestamp()) }), v.title('Named'))
    expect(renderer.render(v.array(Named), 'output')).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/Named' },
    })
    expect(renderer.named).toEqual({
      Named: {
        type: 'object',
        properties: { at: { type: 'string', format: 'date-time' } },
        required: ['at'],
      },
    })
  })

  it('that cannot be said is an error, not a gap', () => {
    expect(() => createRenderer().render(v.date(), 'input')).toThrow('date')
  })
})
