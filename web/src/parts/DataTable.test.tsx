import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { type Column, DataTable, nextSort } from './DataTable';

const COLUMNS: readonly Column<string>[] = [
  { key: 'name', title: 'Name', sort: 'name', cell: (row) => row },
  { key: 'size', title: 'Size', cell: (row) => row.length },
];

it('sorts by a button whose column says how it is sorted', async () => {
  const sort = vi.fn();
  render(
    <DataTable
      caption="Things"
      columns={COLUMNS}
      rows={['a', 'bc']}
      id={(row) => row}
      sorted="-name"
      onSort={sort}
    />,
  );
  const table = screen.getByRole('table', { name: 'Things' });
  expect(within(table).getByRole('columnheader', { name: /Name/ })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  expect(within(table).getByRole('columnheader', { name: 'Size' })).not.toHaveAttribute(
    'aria-sort',
  );
  await userEvent.click(screen.getByRole('button', { name: 'Name' }));
  expect(sort).toHaveBeenCalledWith('name');
});

it('begins with the largest', () => {
  expect(nextSort('score', '-started')).toBe('-score');
  expect(nextSort('score', '-score')).toBe('score');
  expect(nextSort('score', 'score')).toBe('-score');
});
