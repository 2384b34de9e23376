// Two schemas are the same when their objects are, however their texts are laid out and commented.

export const SCHEMA_OBJECTS = `SELECT type, name, tbl_name, sql FROM sqlite_schema
  WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_cf!_%' ESCAPE '!' ORDER BY type, name`

export interface SchemaObject {
  readonly type: string
  readonly name: string
  readonly tbl_name: string
  readonly sql: string
}

/** By type and name, what each is. */
export const normalSchema = (objects: readonly SchemaObject[]): Readonly<Record<string, string>> =>
  Object.fromEntries(objects.map(each => [`${each.type} ${each.name} (${each.tbl_name})`, normal(each.sql)]))

const normal = (sql: string): string =>
  sql
    .replace(/--[^\n]*/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),]) ?/g, '$1')
    .trim()
