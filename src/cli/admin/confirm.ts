// Asking before something is done that cannot be taken back.
import { createInterface } from 'node:readline/promises'
import { WrongUse } from '../command.ts'
import { UsageError } from '../settings.ts'
import { visible } from './visible.ts'

/** Throws WrongUse when nobody can be asked, UsageError when the answer is not yes. */
export async function confirm(question: string, origin: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new WrongUse('There is no terminal to ask at: give --yes if it is to be done.')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${visible(question)}\nAt ${origin}. [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('Nothing was done.')
  } finally {
    terminal.close()
  }
}
