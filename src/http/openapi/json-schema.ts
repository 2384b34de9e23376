// From the schemas that routes parse with to JSON Schema (2020-12): as much of it as can be said. What a function
// checks is not said, so the document may allow more than the service, and never less.
import type * as v from 'valibot'

export type Json = Readonly<Record<string, unknown>>
/** Of what is parsed, or of what comes out of it, where defaults are filled in. */
type Side = 'input' | 'output'

type Named<Type extends string> = { readonly type: Type }
type Known =
  | (Named<'object' | 'strict_object'> & { readonly entries: Readonly<Record<string, v.GenericSchema>> })
  | (Named<'array'> & { readonly item: v.GenericSchema })
  | (Named<'record'> & { readonly value: v.GenericSchema })
  | (Named<'union'> & { readonly options: readonly v.GenericSchema[] })
  | (Named<'picklist'> & { readonly options: readonly string[] })
  | (Named<'literal'> & { readonly literal: unknown })
  | (Named<'optional' | 'nullable' | 'nullish'> & {
      readonly wrapped: v.GenericSchema
      readonly default?: unknown
    })
  | Named<'string' | 'number' | 'boolean' | 'null' | 'unknown'>

type Action = {
  readonly kind: string
  readonly type: string
  readonly requirement?: unknown
  readonly title?: string
}

export interface Renderer {
  readonly render: (schema: v.GenericSchema, side: Side) => Json
  /** Schemas with a title, which are said once. */
  readonly named: Readonly<Record<string, Json>>
}

export function createRenderer(): Renderer {
  const named: Record<string, Json> = {}

  function render(schema: v.GenericSchema, side: Side): Json {
    const [, ...actions] = (schema as { pipe?: readonly Action[] }).pipe ?? []
    let rendered = renderKnown(schema as unknown as Known, side)
    for (const action of actions) {
      if (action.type === 'title') {
        const title = String(action.title)
        named[title] = rendered
        return { $ref: `#/components/schemas/${title}` }
      }
      // A text that stands for a number: nothing but numbers comes through.
      if (action.type === 'to_number') rendered = { type: 'number' }
      else if (action.kind === 'transformation') return side === 'input' ? rendered : {}
      else rendered = { ...rendered, ...say(action, rendered.type === 'array' ? 'Items' : 'Length') }
    }
    return rendered
  }

  function renderKnown(schema: Known, side: Side): Json {
    switch (schema.type) {
      case 'object':
        return renderObject(schema.entries, side)
      case 'strict_object':
        return { ...renderObject(schema.entries, side), additionalProperties: false }
      case 'array':
        return { type: 'array', items: render(schema.item, side) }
      case 'record':
        return { type: 'object', additionalProperties: render(schema.value, side) }
      case 'union':
        return { anyOf: schema.options.map(option => render(option, side)) }
      case 'picklist':
        return { type: 'string', enum: schema.options }
      case 'literal':
        return { const: schema.literal }
      case 'optional': {
        // Where a field may be left out, what it would otherwise be filled with is said by the outermost alone.
        const { default: _, ...wrapped } = render(schema.wrapped, side)
        return { ...wrapped, ...defaultOf(schema, side) }
      }
      case 'nullable':
      case 'nullish':
        return { anyOf: [render(schema.wrapped, side), { type: 'null' }], ...defaultOf(schema, side) }
      case 'unknown':
        return {}
      case 'string':
      case 'number':
      case 'boolean':
      case 'null':
        return { type: schema.type }
      default:
        throw new Error(`cannot be said in JSON Schema: ${(schema satisfies never as Known).type}`)
    }
  }

  function renderObject(entries: Readonly<Record<string, v.GenericSchema>>, side: Side): Json {
    const all = Object.entries(entries)
    const required = all.filter(([, schema]) => !mayBeAbsent(schema as unknown as Known, side))
    return {
      type: 'object',
      properties: Object.fromEntries(all.map(([name, schema]) => [name, render(schema, side)])),
      ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
    }
  }

  return { render, named }
}

export const mayBeAbsent = (schema: Known, side: Side): boolean =>
  (schema.type === 'optional' || schema.type === 'nullish') &&
  (side === 'input' || schema.default === undefined)

const defaultOf = (schema: { readonly default?: unknown }, side: Side): Json =>
  side === 'output' || schema.default === undefined ? {} : { default: schema.default }

/** What a check says; those by a function say nothing. */
function say({ type, requirement }: Action, unit: 'Items' | 'Length'): Json {
  switch (type) {
    case 'min_length':
      return { [`min${unit}`]: requirement }
    case 'max_length':
      return { [`max${unit}`]: requirement }
    case 'min_value':
      return { minimum: requirement }
    case 'max_value':
      return { maximum: requirement }
    case 'integer':
      return { type: 'integer' }
    case 'regex':
      return { pattern: (requirement as RegExp).source }
    case 'iso_timestamp':
      return { format: 'date-time' }
    default:
      return {}
  }
}
