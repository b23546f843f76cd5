import { defineConfig } from 'vite'

// Everything in files of its own: the collector serves the page under `default-src 'self'`, which
// refuses inline scripts, inline styles and data: addresses.
export default defineConfig({
  oxc: { jsx: { importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
