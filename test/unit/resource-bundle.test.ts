// What a resource Worker takes on with `latchkey/resource`: little, and nothing of the service.
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { expect, it } from 'vitest'
import { PROJECT } from '../../src/cli/settings.ts'

const BUDGET_KIB = 12

async function bundle(names: string) {
  const entry = {
    name: 'entry',
    resolveId: (id: string) => (id === 'entry' ? id : null),
    load: (id: string) =>
      id === 'entry' ? `export { ${names} } from '${PROJECT}/src/resource/index.ts'` : null,
  }
  const built = await rolldown({ input: 'entry', plugins: [entry], platform: 'neutral' })
  const { output } = await built.generate({ format: 'esm', minify: true })
  const [{ code, moduleIds, imports }] = output
  const files = moduleIds.filter(id => id !== 'entry').map(id => id.replace(`${PROJECT}/`, ''))
  return { code, files, imports, kib: gzipSync(code).length / 1_024, chunks: output.length }
}

it('is 12 KiB at most, minified and compressed, of src/resource and src/verifier alone', async () => {
  const [overBinding, all] = await Promise.all([
    bundle('createRequireToken'),
    bundle('createRequireToken, overHttp'),
  ])
  for (const { files, imports, chunks, kib } of [overBinding, all]) {
    expect(kib).toBeGreaterThan(0.5)
    expect(kib).toBeLessThanOrEqual(BUDGET_KIB)
    expect(files.filter(file => !/^src\/(resource|verifier)\//.test(file))).toEqual([])
    expect([imports, chunks]).toEqual([[], 1])
  }
  expect(overBinding.files).not.toContain('src/resource/over-http.ts')
  expect(overBinding.code).not.toContain('/oauth2/introspect')
})
