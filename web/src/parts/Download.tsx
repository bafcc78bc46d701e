/** A link to a CSV file of the server. */
export function Download({ href, label = 'CSV' }: { href: string; label?: string }) {
  return (
    <a href={href} download className="control screen no-underline">
      <span aria-hidden>↓ </span>
      {label}
    </a>
  );
}
