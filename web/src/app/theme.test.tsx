import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { chosen, paint } from './theme';
import { ThemeSwitch } from './ThemeSwitch';

it('follows the system until one chooses, and remembers the choice', async () => {
  paint();
  expect(document.documentElement.dataset.theme).toBe('light');
  render(<ThemeSwitch />);
  await userEvent.selectOptions(screen.getByLabelText('Colours'), 'dark');
  expect(document.documentElement.dataset.theme).toBe('dark');
  expect(chosen()).toBe('dark');
  await userEvent.selectOptions(screen.getByLabelText('Colours'), 'system');
  expect(document.documentElement.dataset.theme).toBe('light');
});
