// Everything again without a mouse.
import { Change, expect, holds, test } from '../support/changing'

test('rows are chosen, deleted and brought back by keys alone', async ({ page, changing: { url, local } }) => {
  const tags = ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0']
  for (const tag of tags) await local.push('keys/rows', tag, [tag])
  await holds(url, 'local/keys/rows', 5)
  const list = new Change(page)
  await list.open('/r/local/keys/rows')
  // Two rows from the second on.
  for (const key of ['j', 'j', 'x', 'j', 'Shift+X']) await page.keyboard.press(key)
  await expect(list.chosen).toContainText('2 selected')
  await page.keyboard.press('Escape')
  await expect(list.box('4.0.0')).not.toBeChecked()
  for (const key of ['k', 'x', 'j', 'x', 'd']) await page.keyboard.press(key)
  await expect(list.dialog).toContainText('Delete 2 tags from keys/rows?')
  // The focus stays within the dialog, however often it is moved on.
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement?.closest('dialog')))).toBe(true)
  }
  const field = list.dialog.getByRole('textbox', { name: /to confirm/ })
  await expect(field).toBeVisible()
  await field.focus()
  await page.keyboard.type('keys/rows')
  await page.keyboard.press('Enter')
  await list.done()
  await expect.poll(() => local.tags('keys/rows')).toEqual(['1.0.0', '2.0.0', '5.0.0'])
  const undo = list.notice.getByRole('button', { name: 'Undo' })
  for (let step = 0; step < 80 && !(await undo.evaluate((button) => button === document.activeElement)); step += 1) await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(list.notice).toContainText('Undo:')
  await list.done()
  await expect.poll(() => local.tags('keys/rows')).toEqual(tags)
})

test('d asks for the row that has the focus, and for what the page shows; Escape leaves all as it was', async ({ page, changing: { url, local } }) => {
  await local.push('keys/one', '1', ['1.0.0'])
  await local.push('keys/one', '2', ['2.0.0'])
  await holds(url, 'local/keys/one', 2)
  const list = new Change(page)
  await list.open('/r/local/keys/one')
  for (const key of ['j', 'j', 'd']) await page.keyboard.press(key)
  await expect(list.dialog).toContainText('Delete tag 1.0.0 from keys/one?')
  await page.keyboard.press('Escape')
  await expect(list.dialog).toBeHidden()
  await list.open('/r/local/keys/one:2.0.0')
  await page.keyboard.press('d')
  await expect(list.dialog).toContainText('Delete tag 2.0.0 from keys/one?')
  await page.keyboard.press('Escape')
  await expect(list.dialog).toBeHidden()
  await expect.poll(() => local.tags('keys/one')).toEqual(['1.0.0', '2.0.0'])
})

test('the keys are in the list of keys, and none is captured while typing', async ({ page, changing: { url, local } }) => {
  await local.push('keys/typing', '1', ['1.0.0'])
  await holds(url, 'local/keys/typing', 1)
  const list = new Change(page)
  await list.open('/r/local/keys/typing')
  await page.keyboard.press('?')
  for (const told of ['choose the row', 'choose all rows from the last one to here', 'delete what is chosen', 'go to the activity']) await expect(list.dialog).toContainText(told)
  await page.keyboard.press('Escape')
  await list.filter.click()
  await page.keyboard.type('xd')
  await expect(list.filter).toHaveValue('xd')
  await expect(list.dialog).toBeHidden()
})
