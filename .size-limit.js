// What an application bundles of a package, jose included, minified and compressed.
const bundles = {
  core: ['packages/core/dist/esm/index.js', '60 kB'],
  fetch: ['packages/fetch/dist/esm/index.js', '60 kB'],
  client: ['packages/client/dist/esm/index.js', '60 kB'],
}

export default Object.entries(bundles).map(([name, [path, limit]]) => ({
  name,
  path,
  limit,
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node' }),
}))
