/** Something is on its way. */
export function Waiting({ what = 'Loading' }: { what?: string }) {
  return (
    <p role="status" className="py-6 text-soft">
      {what} …
    </p>
  );
}
