// What of the Worker's output is worth a person's attention: its own lines, but not what went well, and errors of the build.
import { stripVTControlCharacters } from 'node:util'

// Request lines, reload messages, the table of bindings, advice on cron: wrangler's own, and the same every time.
const NOISE = [
  /^(\[wrangler:info\]|⎔ |Using secrets defined in|Your Worker has access|Binding +Resource|env\.\w)/,
  // Records of what was accepted: cron's alone would be one every few seconds.
  /"outcome":"accepted"/,
  /Scheduled Workers are not automatically|^ +To manually trigger|^ +curl "http|^ +For more details, see/,
]
const DECORATION = /^[✘▲] \[(?:ERROR|WARNING)\] (?=\S)/

/** The line as it should be shown, or null when it should not. */
export function readWorkerLine(raw: string): string | null {
  const line = stripVTControlCharacters(raw).trimEnd()
  return line === '' || NOISE.some(noise => noise.test(line)) ? null : line.replace(DECORATION, '')
}

/** wrangler waits for the next edit when a build fails; whoever started it would wait with it. */
export const isBuildFailure = (raw: string): boolean =>
  /^✘ \[ERROR\] (?!\{)/.test(stripVTControlCharacters(raw))
