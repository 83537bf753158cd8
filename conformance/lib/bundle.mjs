import { build } from 'esbuild'

// bundle puts a version of the js-sdk and all that it requires into one text: 'esm' for pages from the file that bundlers
// take, 'cjs' from the one for require. It is the build for pages either way, which needs an adapter outside of one.
export async function bundle({ entry, module }, format) {
  const { outputFiles } = await build({
    entryPoints: [format === 'esm' ? module : entry], format, bundle: true, write: false, platform: 'browser', logLevel: 'silent',
    mainFields: format === 'esm' ? ['module', 'main'] : ['main'], define: { global: 'globalThis' },
  })
  return outputFiles[0].text
}
