import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext, Page } from 'playwright-core';
import { MEANINGS, type MessageName } from '../../domain/messages';
import { releaseWorkflowId } from '../../domain/names';
import { World } from '../support/world';

jest.setTimeout(300_000);

/** Milliseconds after which a page hangs; this does not judge how fast it is. */
const HANGS_MS = 120_000;

/** Only what the test asks for is fetched, and nothing outlives it. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

describe('Temporal’s Web UI', () => {
  let world: World;
  let browser: BrowserContext;
  let profile: string;

  beforeAll(async () => {
    world = await World.open({ ui: true, config: (raw) => void (raw.canary.steps = []) });
    profile = await mkdtemp(join(tmpdir(), 'spillway-browser-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: FLAGS,
      viewport: { width: 1600, height: 1200 },
      timeout: HANGS_MS,
    });
    browser.setDefaultTimeout(HANGS_MS);
    // Chromium gives up whatever it loads when an interface of the machine changes, as with every new container; so what
    // it asks for is fetched from here.
    await browser.route('**/*', async (route) => {
      const response = await route.fetch({ timeout: HANGS_MS }).catch(() => undefined);
      await (response ? route.fulfill({ response }) : route.abort()).catch(() => undefined);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(profile, { recursive: true, force: true });
    await world?.close();
  });

  test('says in words what a release waits for, and its approve signal lets it go on', async () => {
    const releasing = await world.release('1.0.0', {
      config: (raw) => void (raw.approve = { required: true, timeout: '10m' }),
    });
    await releasing.until(({ waitingFor }) => waitingFor !== undefined);
    const page = await browser.newPage();
    const id = encodeURIComponent(releaseWorkflowId(world.scope));
    await page.goto(`${world.temporal.ui}/namespaces/default/workflows/${id}`);
    await page.getByText('User Metadata').filter({ visible: true }).click();
    // People's own words are shown in a frame that cannot run anything.
    const details = page
      .locator('iframe')
      .last()
      .contentFrame()
      .getByText(/approval within 10 min/);
    await details.first().waitFor();
    await sendSignal(page, 'approve');
    const { status } = await releasing.result();
    expect(status.outcome).toBe('released');
    expect(status.messages).toMatchObject([{ name: 'approve', who: 'somebody' }]);
  });
});

/** Through the menu and the dialog that a person would use. */
async function sendSignal(page: Page, name: MessageName): Promise<void> {
  await page.getByText('More Actions').filter({ visible: true }).click();
  await page.getByRole('menuitem', { name: /Send a Signal/ }).click();
  const dialog = page.getByRole('dialog').filter({ visible: true });
  // What can be clicked is around the field, which is never enabled.
  await dialog.locator('#signal-select').locator('..').click();
  // Each option says what its signal does.
  const option = page.getByRole('option', { name: `${name} ${MEANINGS[name]}` });
  await option.filter({ visible: true }).click();
  await dialog.getByRole('button', { name: 'Submit' }).click();
}
