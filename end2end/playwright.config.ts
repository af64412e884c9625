import { defineConfig, devices } from '@playwright/test'

const desktop = { viewport: { width: 1440, height: 900 } }
const phone = { ...devices['Pixel 7'], viewport: { width: 375, height: 812 } }

// Flows run once, on a desktop; accessibility and theme in every dress; widths where the browser behaves as a phone's does.
const looks = /(accessibility|theme)\.spec\.ts/
const widths = /width\.spec\.ts/
const withoutScript = /noscript\.spec\.ts/

export default defineConfig({
  testDir: 'specs',
  outputDir: '../target/end2end/results',
  globalSetup: './setup.ts',
  fullyParallel: true,
  workers: Number(process.env.E2E_WORKERS ?? 2),
  forbidOnly: Boolean(process.env.CI),
  // A machine busy with other work misses a deadline now and then; what needed a second try is listed as flaky.
  retries: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
          // A host that is not this machine by name: browsers give plain http there no clipboard.
          '--host-resolver-rules=MAP supercargo.test 127.0.0.1',
        ],
    },
  },
  projects: [
    { name: 'desktop', testIgnore: [withoutScript, widths], use: { ...desktop, colorScheme: 'light' } },
    { name: 'dark', testMatch: looks, use: { ...desktop, colorScheme: 'dark' } },
    { name: 'phone', testMatch: [looks, widths], use: { ...phone, colorScheme: 'light' } },
    { name: 'noscript', testMatch: withoutScript, use: { ...desktop, javaScriptEnabled: false } },
  ],
})
