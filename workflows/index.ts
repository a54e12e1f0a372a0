export { environment } from './environment';
export { history } from './history';
export { plan } from './plan';
export { release } from './release';
