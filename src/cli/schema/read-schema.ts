// schema.sql and the upgrades beside it, as they stand in this project.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PROJECT } from '../settings.ts'
import type { Schema } from './plan.ts'

const UPGRADES = resolve(import.meta.dirname, 'upgrades')
const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/
/** An upgrade's first line says, as a comment, what it brings. */
const ABOUT = /^-- (.+)\n/

/** Throws when an upgrade is not called by its number, or does not say what it is about. */
export function readSchema(): Schema {
  const upgrades = readdirSync(UPGRADES)
    .sort()
    .map((name, index) => {
      const sql = readFileSync(resolve(UPGRADES, name), 'utf8')
      const version = Number(NAME.exec(name)?.[1])
      const about = ABOUT.exec(sql)?.[1]
      if (version !== index + 1) throw new Error(`${name} should be the upgrade with the number ${index + 1}`)
      if (about === undefined) throw new Error(`${name} should say in its first line what it is about`)
      return { version, about, sql }
    })
  return { whole: readFileSync(resolve(PROJECT, 'schema.sql'), 'utf8'), upgrades }
}
