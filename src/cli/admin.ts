// `npm run admin`: what an operator does with /admin/v1, from a table of commands.
import { COMMANDS } from './admin/commands.ts'
import { confirm } from './admin/confirm.ts'
import { helpOf, helpOfAll, helpOfNoun, NOUNS } from './admin/help.ts'
import { findInstance } from './admin/instance.ts'
import { optionsOf, readCall, type Values } from './admin/read-call.ts'
import { runCall } from './admin/run-call.ts'
import { command, WrongUse } from './command.ts'

const COMMON = {
  url: { type: 'string' },
  'token-file': { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
} as const

// Whoever reads the output may have seen enough.
process.stdout.on('error', () => process.exit())

const [noun = '', verb = '', ...args] = process.argv.slice(2)
const found = COMMANDS.find(each => each.noun === noun && each.verb === verb)

if (found === undefined) {
  const isNoun = NOUNS.includes(noun)
  await command(
    isNoun ? helpOfNoun(noun) : helpOfAll(),
    {},
    async () => {
      throw new WrongUse(isNoun ? `Which verb? ${noun} has these.` : 'Which noun? There are these.')
    },
    { args: process.argv.slice(2), allowPositionals: true },
  )
} else {
  await command(
    helpOf(found),
    { ...optionsOf(found), ...COMMON },
    async (values, positionals) => {
      const call = readCall(found, values as Values, positionals)
      const instance = findInstance(values.url, values['token-file'], process.env)
      if (call.question !== null && !values.yes) await confirm(call.question, instance.origin)
      await runCall(found, call, instance, values.json ?? false)
    },
    { args, allowPositionals: true },
  )
}
