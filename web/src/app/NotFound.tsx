import { Link } from 'wouter';
import { to } from './address';
import { Page } from '../parts/Page';

export function NotFound() {
  return (
    <Page title="No such view">
      <p>
        Nothing is shown at this address. <Link href={to.runs()}>All runs</Link>
      </p>
    </Page>
  );
}
