// The files that pages name under /assets/, for tests that run in Node.
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = 'src/static/pages'

export const ASSETS: readonly string[] = readdirSync(FOLDER)

export const pathOfAsset = (name: string): string => `${FOLDER}/${name}`

export const textOfAsset = (name: string): string => readFileSync(pathOfAsset(name), 'utf8')
