// --help of every level, from the table.
import { type AdminCommand, argumentsOf, COMMANDS, type Option, type Reading } from './commands.ts'

const CALL = 'npm run admin --'

const SETTINGS = `Which instance:
  (nothing)          the local one: PORT (8787), and the ADMIN_TOKEN of .dev.vars
  --url URL          a deployed one; its token is taken from ADMIN_TOKEN in the environment or from --token-file
  --token-file FILE  a file with the token, or with a line ADMIN_TOKEN=…

  --json   prints the answer as it is
  --yes    does not ask first`

export const NOUNS: readonly string[] = [...new Set(COMMANDS.map(({ noun }) => noun))]

export const helpOfAll = (): string =>
  [
    `${CALL} <noun> <verb> [arguments] [options]`,
    '',
    'What an operator can do. Each level has --help.',
    '',
    ...aligned(NOUNS.map(noun => [noun, verbsOf(noun).join(', ')])),
    '',
    SETTINGS,
    '',
    'Exit codes: 0 done, 1 refused or failed, 2 wrong usage.',
  ].join('\n')

export const helpOfNoun = (noun: string): string =>
  [
    `${CALL} ${noun} <verb> [arguments] [options]`,
    '',
    ...aligned(COMMANDS.filter(each => each.noun === noun).map(each => [synopsis(each), each.summary])),
    '',
    `${CALL} ${noun} <verb> --help has the options.`,
  ].join('\n')

export function helpOf(command: AdminCommand): string {
  const options = Object.entries(command.options ?? {})
  const asks = command.asks === undefined ? [] : ['Asks first, unless --yes is given.']
  const fails = command.fails === undefined ? [] : [`Ends with exit code 1 when ${command.fails.when}.`]
  const lists = options.some(([, { reads }]) => reads === 'list')
    ? ['Lists: give the option several times.']
    : []
  return [
    `${CALL} ${command.noun} ${synopsis(command)}${options.length > 0 ? ' [options]' : ''}`,
    '',
    `${command.summary}.`,
    ...asks,
    ...fails,
    ...(options.length > 0
      ? [
          '',
          ...aligned(options.map(([name, option]) => [`--${name} ${PLACES[option.reads]}`, explain(option)])),
        ]
      : []),
    ...lists,
    '',
    SETTINGS,
  ].join('\n')
}

const PLACES: Readonly<Record<Reading, string>> = {
  text: 'TEXT',
  'text or none': 'TEXT|none',
  number: 'N',
  'number or none': 'N|none',
  'on or off': 'on|off',
  list: 'TEXT …',
  'JSON file': 'FILE',
}

const explain = ({ help, isRequired }: Option): string => (isRequired ? `${help} (required)` : help)

const verbsOf = (noun: string): string[] =>
  COMMANDS.filter(each => each.noun === noun).map(({ verb }) => verb)

const synopsis = (command: AdminCommand): string =>
  [command.verb, ...argumentsOf(command).map(name => name.toUpperCase())].join(' ')

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`)
}
