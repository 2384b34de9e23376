// What a Latchkey of version 0 would have left on this machine.
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT } from '../../../src/cli/settings.ts'
import { QUIET, WRANGLER } from '../../../src/cli/wrangler.ts'
import { findPorts, type Ports } from './ports.ts'

/** To start an instance on. */
export async function makeStateOfVersion0(): Promise<{ readonly stateDir: string; readonly ports: Ports }> {
  const stateDir = mkdtempSync(join(tmpdir(), 'latchkey-'))
  const where = ['--local', '--persist-to', stateDir, '--yes']
  const args = [WRANGLER, 'd1', 'execute', 'DB', ...where, '--file', 'test/schema-0.sql']
  await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, ...QUIET } })
  return { stateDir, ports: await findPorts() }
}
