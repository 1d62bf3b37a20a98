import { z } from 'zod';

/**
 * Who can end a failure: `later` (it heals by itself, we try again), `person` (somebody must act),
 * `never` (trying again cannot help).
 */
export type WhoActs = 'later' | 'person' | 'never';

type FaultText = { readonly who: WhoActs; readonly what: string; readonly safe: string; readonly next: string };

/**
 * Every failure the product can name. `{…}` is filled from the fault's detail, which never holds guest data.
 * Each code has a page in docs/operations, compared by a test.
 */
export const faults = {
  'agent-away': {
    who: 'later',
    what: 'The agent on this PC does not answer.',
    safe: 'What it has kept stays on its disk.',
    next: 'It is tried again every 3 s. If it stays away, start Bellhop again.',
  },
  'agent-too-old-runtime': {
    who: 'person',
    what: 'This needs Node 24; the one running is {version}.',
    safe: 'Nothing was opened or changed.',
    next: 'Start Bellhop with the command bellhop, which finds the right one.',
  },
  'archive-refused': {
    who: 'person',
    what: '{host} does not let {user} move taken files from {folder} to {archive}.',
    safe: 'They were read and kept, and are not read twice. They stay where they are.',
    next: 'Ask the operator of {host} for the right to rename files in {folder} and to write in {archive}, or leave the files where they are.',
  },
  'archive-unsure': {
    who: 'person',
    what: '{file} on {host} stays where it is: the server does not say when a file was written.',
    safe: 'It was read and kept. A newer file of the same size could not be told from it, so it is neither moved nor deleted.',
    next: 'Set the connection to leave the files where they are.',
  },
  'backup-damaged': {
    who: 'person',
    what: 'The backup in {folder} is damaged ({detail}).',
    safe: 'Nothing of it was used. The data folder is as it was, and other backups are not concerned.',
    next: 'Restore an earlier backup.',
  },
  'backup-drill-failed': {
    who: 'person',
    what: 'The backup in {folder} could not be restored in the drill: {detail}.',
    safe: 'The data of this hotel and earlier backups are as they were. This backup does not count as verified.',
    next: 'Choose a folder on another disk, and look at the disk on which this one lies.',
  },
  'backup-overdue': {
    who: 'person',
    what: 'The newest verified backup in {folder} is older than two days ({since}).',
    safe: 'Everything is kept and delivered as always. Earlier backups are as they were.',
    next: 'See under Settings why none was made since, and choose Back up now.',
  },
  'backup-folder-unusable': {
    who: 'person',
    what: 'The backup cannot be written to {folder} ({detail}).',
    safe: 'The data of this hotel and earlier backups are as they were.',
    next: 'Choose a folder on another disk, into which the account that runs Bellhop may write.',
  },
  'backup-no-room': {
    who: 'person',
    what: 'There is not enough room for the backup in {folder}.',
    safe: 'The data of this hotel and earlier backups are as they were. What was written of this backup is removed.',
    next: 'Free some space there, or choose another folder.',
  },
  'backup-not-found': {
    who: 'person',
    what: 'There is no whole backup in {folder}.',
    safe: 'Nothing was changed.',
    next: 'Name the folder of one backup: its name is a date, and a file backup.json lies in it.',
  },
  'backup-plan-unreadable': {
    who: 'person',
    what: 'Where backups are made, and when, cannot be read: {file} ({detail}).',
    safe: 'The backups that were made, and the data of this hotel, are as they were. No new one is made by itself until then.',
    next: 'Set the folder for backups again under Settings. Where the database is damaged as well: bellhop restore FOLDER --replace.',
  },
  'backup-unreadable': {
    who: 'person',
    what: 'The backup in {folder} cannot be read now ({detail}).',
    safe: 'Nothing was moved or replaced, and no older backup was taken in its place.',
    next: 'Look whether its disk or share is there and whether the account that runs Bellhop may read it, and try again.',
  },
  'bytes-unaccounted': {
    who: 'person',
    what: '{file} has {missing} bytes that became neither a record nor a set-aside row.',
    safe: 'The raw file is kept, and the records read from it stay.',
    next: 'Keep the data folder as it is and tell support: this is a fault of ours.',
  },
  'certificate-differs': {
    who: 'person',
    what: '{count} records or rows of the sources are still missing here, or are other here, after they were pulled again: {keys}.',
    safe: 'Everything that is kept is sent as ever, and nothing was overwritten. The certificate of this night says that they are missing.',
    next: 'Open the certificate: it names each with its file or table. Export those records once more, or change them in the hotel system.',
  },
  'check-found-damage': {
    who: 'person',
    what: 'A check has found damaged parts of what is kept here that could not be mended ({count}): {names}.',
    safe: 'Nothing damaged is sent, and everything else goes on. What lies there is kept as it is.',
    next: 'Look at the last check under Monitoring: it names the rows. Export those records once more, and look at the disk of this PC.',
  },
  'clock-wrong': {
    who: 'person',
    what: 'The clock of this PC is {offset} off.',
    safe: 'Everything stays kept here; the destination refuses our signature until the clock is right.',
    next: 'Set the clock of this PC.',
  },
  'connection-not-found': {
    who: 'never',
    what: 'There is no connection {id}.',
    safe: 'Nothing was changed.',
    next: 'Look at the list of connections.',
  },
  'connection-name-taken': {
    who: 'person',
    what: 'There already is a connection with the name {id}.',
    safe: 'Nothing was changed.',
    next: 'Choose another name.',
  },
  'database-damaged': {
    who: 'person',
    what: 'The database {file} is damaged.',
    safe: 'Nothing was written to it. The raw files are untouched.',
    next: 'Stop Bellhop and start it again: it then looks at the whole database, and puts the last verified backup in its place where that is needed. Delete nothing. If this stays, call support.',
  },
  'database-lost': {
    who: 'person',
    what: 'The database is damaged or gone, and no verified backup of it can be had. Folder of the backups: {folder}.',
    safe: 'Nothing was deleted. What there is of the database lies where it lay or, where a restore had begun, in the folder quarantine. The secrets, the key and the copies of files that are there stay as they are.',
    next: 'Do not delete anything. Plug in the disk with the backups and start again, or restore one by hand: bellhop restore FOLDER --replace. Without any backup, set up a new data folder.',
  },
  'database-restored': {
    who: 'person',
    what: 'The database was damaged, found on {found}. The backup of {made} was restored by itself.',
    safe: 'What was damaged is kept in {folder}. Nothing is sent to any destination until a person lets it go on; sources are read on. What came in since the backup is read again: files from their sealed copies, tables of databases from their source.',
    next: 'Look at what was set since the backup: destinations that were paused or removed, and rules for what leaves. Then let each destination go on. Check the disk of this PC, and say that you have seen this.',
  },
  'copies-unread': {
    who: 'person',
    what: 'The copies of {count} files that were taken since the backup cannot be read: {names}.',
    safe: 'All other files of that time were read again. These copies lie below raw in the data folder, as they are.',
    next: 'Have the hotel system export the bookings of that time once more, as they are now; do not put an old file back. Then say that you have seen this.',
  },
  'database-mended': {
    who: 'person',
    what: 'A part of the database was damaged: {rows} rows of the outbox.',
    safe: 'Nothing damaged was sent. What counts of those rows is read once more from the copies of their files, and everything else went on.',
    next: 'Look at the disk of this PC: what was damaged once is damaged again. What could not be read once more stands under Set aside.',
  },
  'database-newer': {
    who: 'person',
    what: 'The database was written by a newer Bellhop (schema {found}, this one knows {known}).',
    safe: 'It was not touched.',
    next: 'Start the newer Bellhop again.',
  },
  'database-unreadable': {
    who: 'person',
    what: 'The database {file} cannot be reached now ({detail}).',
    safe: 'Nothing was written or moved. That it is damaged is not said by this.',
    next: 'Close what else may have it open, look whether the account that runs Bellhop may read and write the data folder and whether its disk answers, and start again.',
  },
  'database-unsafe': {
    who: 'person',
    what: 'The database does not hold the setting {setting} that keeps it safe.',
    safe: 'Nothing was read or written.',
    next: 'Put the data folder on a local disk.',
  },
  'record-not-found': {
    who: 'never',
    what: 'No record is kept here under {key}.',
    safe: 'Nothing was changed.',
    next: 'Look for it in the list of records. The row may have been set aside, or its file has not come in yet.',
  },
  'dead-letter-not-found': {
    who: 'never',
    what: 'No row is set aside under the number {id}.',
    safe: 'Nothing was changed.',
    next: 'Look at the list of what is set aside. A file that was read again has its rows under new numbers.',
  },
  'disk-full': {
    who: 'later',
    what: 'The disk of this PC is full.',
    safe: 'Everything kept so far is safe. Reading has stopped, nothing is dropped.',
    next: 'Free some space; reading goes on by itself.',
  },
  'disk-low': {
    who: 'person',
    what: 'The disk of this PC has only {percent} % free ({free}).',
    safe: 'Everything is kept and delivered as always.',
    next: 'Free some space. Below 5 % Bellhop reads nothing more, so that what it has kept can still be delivered.',
  },
  'disk-nearly-full': {
    who: 'person',
    what: 'Reading has stopped: the disk of this PC has only {percent} % free ({free}).',
    safe: 'Everything kept so far is safe and goes on being delivered. What is new waits in the hotel system; nothing is dropped.',
    next: 'Free some space. Reading goes on by itself above 6 %.',
  },
  'drive-missing': {
    who: 'person',
    what: 'The account {account}, which runs Bellhop, has no drive {drive}.',
    safe: 'Nothing is lost: files wait where the hotel system writes them.',
    next: 'Drive letters belong to the person who made them, and a service does not see them. Enter the share by its own name, such as \\\\server\\share\\folder.',
  },
  'file-changed': {
    who: 'later',
    what: '{file} was still being written while it was read.',
    safe: 'The half file was not used.',
    next: 'It is read again when it has been still for a while.',
  },
  'file-gone': {
    who: 'later',
    what: '{file} was there and is gone.',
    safe: 'Nothing of it was used.',
    next: 'Ask who moved it; it is read when it comes back.',
  },
  'file-unreadable': {
    who: 'person',
    what: '{file} cannot be opened.',
    safe: 'The other files are read.',
    next: 'Allow the account that runs Bellhop to read it.',
  },
  'folder-missing': {
    who: 'person',
    what: 'The folder {folder} is not there.',
    safe: 'Nothing is lost: files wait where the hotel system writes them.',
    next: 'Check the path, or start the share it lies on.',
  },
  'folder-unreadable': {
    who: 'person',
    what: 'The folder {folder} cannot be read by the account that runs Bellhop.',
    safe: 'Nothing is lost: files wait there.',
    next: 'Allow that account to read the folder.',
  },
  'folder-unwritable': {
    who: 'person',
    what: 'A file that was taken cannot be moved to {folder}.',
    safe: 'The file was read and kept; it is not read twice.',
    next: 'Allow writing there, or switch archiving off.',
  },
  'host-key-changed': {
    who: 'person',
    what: '{host} shows another host key ({key}) than the one you have confirmed.',
    safe: 'No user name and no password was sent. What lies on the server stays there and follows.',
    next: 'Ask the operator of {host} whether the server was exchanged. If it was not, somebody may be listening: do not go on.',
  },
  'host-key-unknown': {
    who: 'person',
    what: '{host} shows a host key that nobody has confirmed yet: {key}. In words: {words}.',
    safe: 'No user name and no password was sent.',
    next: 'Let the operator of {host} read the key out to you, and enter it in the settings as the host key of {host}.',
  },
  'home-not-empty': {
    who: 'person',
    what: 'The data folder {home} already holds data.',
    safe: 'It was not touched.',
    next: 'Restore into an empty folder, or repeat the command with --replace: what is there now is then moved aside, not deleted.',
  },
  'home-in-use': {
    who: 'person',
    what: 'Another Bellhop agent already works with the folder {home}.',
    safe: 'Nothing was opened or changed.',
    next: 'Use that one, or stop it first.',
  },
  'home-unsuitable': {
    who: 'person',
    what: 'The folder {home} cannot hold the data of Bellhop: it lies {where}.',
    safe: 'Nothing was written there.',
    next: 'Choose a folder on a local disk with --home.',
  },
  'input-wrong': { who: 'person', what: 'This cannot be used: {detail}', safe: 'Nothing was changed.', next: 'Correct it and try again.' },
  internal: {
    who: 'person',
    what: 'Something in Bellhop itself went wrong.',
    safe: 'What was kept stays kept.',
    next: 'Copy the correlation id {correlationId} into a message to support.',
  },
  'leaving-rule-refused': {
    who: 'person',
    what: 'The field {field} of {entity} cannot leave by the rule “{rule}”.',
    safe: 'Nothing was changed. Records leave as they did before.',
    next: 'Choose another rule. The number of a record and what every record needs always leave; days, amounts and statuses can be left out but not masked; a currency goes with its amounts.',
  },
  'mapping-not-found': {
    who: 'person',
    what: 'There is no mapping {name}.',
    safe: 'No file was used.',
    next: 'Choose one of the mappings in the list.',
  },
  'opera-business-date': {
    who: 'person',
    what: 'OPERA on {host} has {count} open business dates for {resort}, not one.',
    safe: 'Nothing was changed there. What was read is kept.',
    next: 'Check the code of the property. If it is right, ask the help desk of OPERA: its table BUSINESSDATE has to hold one open day.',
  },
  'opera-choose': {
    who: 'person',
    what: 'The {what} has to be chosen: {choices}.',
    safe: 'Nothing was read yet.',
    next: 'Enter one of them in the settings of the connection.',
  },
  'oracle-address': {
    who: 'person',
    what: 'The address of the Oracle database cannot be read: {detail}.',
    safe: 'Nothing was sent anywhere.',
    next: 'Write it as host:1521/SERVICE, or take over the text that another program of the hotel uses.',
  },
  'oracle-service': {
    who: 'person',
    what: 'A listener answers at {host}, and knows no {kind} {name} ({code}).',
    safe: 'No user name and no password was sent.',
    next: "Ask the database administrator for the exact service name: SELECT value FROM v$parameter WHERE name = 'service_names'. Behind a slash stands a service, behind a colon a SID.",
  },
  'oracle-too-old': {
    who: 'person',
    what: '{host} cannot be spoken with by the driver alone: {detail}.',
    safe: 'No password was sent. Nothing was changed there.',
    next: 'Install an Oracle Instant Client (19 for Oracle 11.2, 11.2 or 12 for older ones) on this PC and name its folder in the connection.',
  },
  'oracle-verifier': {
    who: 'person',
    what: 'The password of {user} at {host} is kept in a form from before Oracle 11 (NJS-116).',
    safe: 'No password was sent. Nothing was changed there.',
    next: 'Ask the database administrator: ALTER USER {user} IDENTIFIED BY "the same or a new password"; with SEC_CASE_SENSITIVE_LOGON at TRUE. It is then kept in the newer form. An Oracle Instant Client on this PC, named in the connection, helps as well.',
  },
  'parts-missing': {
    who: 'person',
    what: '{name} is not whole: of its {of} parts, {missing} has not come for more than an hour.',
    safe: 'The other parts stay where they are. Nothing of them was read.',
    next: 'Ask whoever exports it for the missing part. If it does not come any more, switch off waiting for parts.',
  },
  'proxy-login': {
    who: 'person',
    what: 'The proxy {host} wants a user name and a password.',
    safe: 'Everything waits here and follows.',
    next: 'Enter the login of the proxy in the settings of the destination.',
  },
  'proxy-unreachable': {
    who: 'later',
    what: 'The proxy {host} does not answer.',
    safe: 'Everything waits here and follows.',
    next: 'It is tried again by itself. Check the address of the proxy.',
  },
  'removal-refused': {
    who: 'person',
    what: '{host} does not let {user} delete taken files in {folder}.',
    safe: 'They were read and kept, and are not read twice. They stay there.',
    next: 'Ask the operator of {host} for the right to rename and to delete files in {folder}, or leave the files where they are.',
  },
  'share-login-refused': {
    who: 'person',
    what: '{share} does not let {user} in.',
    safe: 'Nothing is lost: files wait there.',
    next: 'Check user name and password at the share with whoever runs it. Some servers lock a user after a few tries.',
  },
  'share-other-login': {
    who: 'person',
    what: 'This PC is already connected to the server of {share} under another name than {user}.',
    safe: 'Nothing was changed. Files wait there.',
    next: 'Windows allows one name at a time. End the other connection, or enter the share by the address of the server instead of its name.',
  },
  'share-unreachable': {
    who: 'later',
    what: 'The share {share} cannot be reached ({detail}).',
    safe: 'Nothing is lost: files wait there.',
    next: 'It is tried again by itself. Check that the server is on and that the name of the share is right.',
  },
  'restore-blocked': {
    who: 'person',
    what: '{file} in the data folder cannot be moved aside: another program holds it.',
    safe: 'Everything is where it was.',
    next: 'Close whatever may have it open, such as a window on the folder or a virus scan, and repeat the command.',
  },
  'restore-unfinished': {
    who: 'person',
    what: 'A backup was being restored into {home} and did not come to its end.',
    safe: 'The backup is whole. What was in the folder before lies in it, under a name that begins with "replaced".',
    next: 'Repeat bellhop restore.',
  },
  'sandbox-failed': {
    who: 'person',
    what: 'The sandbox hotel did not start.',
    safe: 'Your own set-up was not touched.',
    next: 'Try again, or run bellhop demo in a terminal to see why.',
  },
  'jump-refused': {
    who: 'person',
    what: '{host} does not let {user} through to {target}.',
    safe: 'Nothing is lost: what lies on the server stays there and follows.',
    next: 'Ask the operator of {host} to allow {user} TCP forwarding to {target}.',
  },
  'key-passphrase-missing': {
    who: 'person',
    what: 'The private key for {host} has a passphrase, and none is entered.',
    safe: 'Nothing was sent to {host}.',
    next: 'Enter the passphrase of the key, or make a new key pair here.',
  },
  'key-passphrase-wrong': {
    who: 'person',
    what: 'The passphrase does not open the private key for {host}.',
    safe: 'Nothing was sent to {host}.',
    next: 'Enter the passphrase of the key again. It is the one that was set when the key was made, not the password of the server.',
  },
  'key-putty': {
    who: 'person',
    what: 'The private key for {host} is a PuTTY file ({algorithm}, version {version}), and of those only RSA in version 2 can be read.',
    safe: 'Nothing was sent to {host}.',
    next: 'Open it in PuTTYgen, choose Conversions > Export OpenSSH key, and enter the text of that file.',
  },
  'key-unreadable': {
    who: 'person',
    what: 'What is entered as private key for {host} is none that can be read.',
    safe: 'Nothing was sent to {host}.',
    next: 'Enter the whole text of the key file, from its first line to its last. A file that ends in .pub holds the other half.',
  },
  'login-refused': {
    who: 'person',
    what: '{host} does not let {user} in.',
    safe: 'Nothing was changed. What lies on the server stays there and follows.',
    next: 'Check user name, password or key with the operator of {host}. Some servers lock a user after a few tries.',
  },
  'secret-missing': {
    who: 'person',
    what: 'The secret "{field}" of {connection} is not stored on this PC.',
    safe: 'Everything waits here and follows.',
    next: 'Enter it again in the settings of the connection.',
  },
  'secrets-locked': {
    who: 'person',
    what: 'The secrets of this PC cannot be opened by the account that runs Bellhop.',
    safe: 'Nothing is lost; records that were kept cannot be read until then.',
    next: 'Run Bellhop with its usual account, or enter the recovery key.',
  },
  stopped: {
    who: 'later',
    what: 'The agent is stopping.',
    safe: 'What was finished is kept; the rest is read again.',
    next: 'Start it again.',
  },
  'source-unreachable': {
    who: 'later',
    what: '{host} cannot be reached ({detail}).',
    safe: 'Nothing is lost: what lies on the server stays there and follows.',
    next: 'It is tried again by itself. If it stays away, check the address and the network of the hotel.',
  },
  'source-columns': {
    who: 'person',
    what: '{table} on {host} is not as it was: {detail}.',
    safe: 'Only this is not read any more. Nothing that was kept is lost, and everything else goes on.',
    next: 'Ask whoever runs {host} what has changed, then set the columns or the question of the connection anew.',
  },
  'source-error': {
    who: 'later',
    what: '{host} answers with the error {code} while {doing}.',
    safe: 'Nothing was changed there. What was read is kept, and reading goes on from there.',
    next: 'It is tried again by itself. If it stays, give the error to whoever runs {host}.',
  },
  'source-login': {
    who: 'person',
    what: '{host} does not let {user} in ({detail}).',
    safe: 'It was tried once and is not tried again by itself, so that the account is not locked. What changes there follows.',
    next: 'Check user name and password with whoever runs {host}, enter them again, and test.',
  },
  'source-may-write': {
    who: 'person',
    what: '{user} at {host} could change something: {rights}.',
    safe: 'Nothing was read or changed. Bellhop only ever reads, and wants no right to do more.',
    next: 'Ask the administrator to take these rights away: the text for the administrator, in the connection, grants exactly what is needed. If that cannot be, accept each of them by its name in the settings.',
  },
  'source-place-missing': {
    who: 'person',
    what: '{host} has no {place}, or does not show it to {user}.',
    safe: 'Nothing was changed there. What was read is kept.',
    next: 'Check the name, and whether {user} may read it, with whoever runs {host}.',
  },
  'source-question': {
    who: 'person',
    what: 'The question is not sent: {detail}.',
    safe: 'Nothing was sent to the database.',
    next: 'Write one SELECT that only reads. What must be worked out otherwise belongs into a view, made by whoever runs the database.',
  },
  'source-rights': {
    who: 'person',
    what: '{host} does not let {user} read {place}.',
    safe: 'Nothing was changed there. What was read is kept.',
    next: 'Ask whoever runs {host} for the right to read it. The text for the administrator, in the connection, grants exactly what is needed.',
  },
  'source-timeout': {
    who: 'later',
    what: '{host} did not answer within {seconds} s.',
    safe: 'The question was broken off, nothing was changed there. Reading goes on from where it was.',
    next: 'It is tried again by itself. If it stays, the database is very busy, or the question needs an index.',
  },
  'source-rows-vanished': {
    who: 'person',
    what: '{count} of {known} rows of {table} are not there any more.',
    safe: 'Nothing was reported as gone. What changes goes on being read.',
    next: 'Look whether the system shows them. If they are really gone, say so on the connection, or with: bellhop connections gone ID TABLE.',
  },
  'source-turns': {
    who: 'person',
    what: 'Reading {table} came back to a place where it had been.',
    safe: 'What was read up to there is kept. The table is left alone until this is mended.',
    next: 'The key has to be unique, and the system has to sort by it as it compares. Choose another key column.',
  },
  'source-went-back': {
    who: 'person',
    what: 'The clock of the system stands {seconds} s before the last reading of {table}: it was restored, or another one answers.',
    safe: 'It is read again from there, and compared whole. Nothing that was kept is lost.',
    next: 'Ask whether the system was restored from a backup.',
  },
  'ssh-weak': {
    who: 'person',
    what: '{host} offers nothing secure enough ({detail}).',
    safe: 'No user name and no password was sent.',
    next: 'Ask the operator of {host} to update the server.',
  },
  'tls-expired': {
    who: 'person',
    what: 'The certificate of {host} has run out on {date}.',
    safe: 'Nothing was sent to it. Everything waits here.',
    next: 'Ask the operator of {host} for a new certificate.',
  },
  'tls-failed': {
    who: 'person',
    what: 'No secure line to {host} could be made: {reason}.',
    safe: 'Nothing was sent. Everything waits here.',
    next: 'Ask your IT whether something between here and there opens secure lines.',
  },
  'tls-pin': {
    who: 'person',
    what: '{host} shows another key than the one you pinned.',
    safe: 'Nothing was sent to it. Everything waits here.',
    next: 'Call the operator of {host}. Pin the new key only if they confirm it.',
  },
  'tls-untrusted': {
    who: 'person',
    what: 'The certificate of {host} is not signed by anyone this PC trusts.',
    safe: 'Nothing was sent to it. Everything waits here.',
    next: 'Enter the certificate of your own authority in the settings, if you have one.',
  },
  'tls-wrong-host': {
    who: 'person',
    what: 'The certificate shown by {host} belongs to another name.',
    safe: 'Nothing was sent to it. Everything waits here.',
    next: 'Check the address; ask the operator of {host}.',
  },
  'upstream-ahead': {
    who: 'person',
    what: '{host} has seen generation {seen} from this hotel, newer than ours ({ours}).',
    safe: 'Nothing was sent. Everything waits here.',
    next: 'Look whether another agent sends for this hotel. If it is to be this PC, stop the other and send from here.',
  },
  'upstream-answer': {
    who: 'later',
    what: '{host} answered something that is no confirmation ({detail}).',
    safe: 'Nothing is counted as delivered. Everything waits here.',
    next: 'If the hotel network shows a login page, log in once in a browser on this PC.',
  },
  'upstream-busy': {
    who: 'later',
    what: '{host} asks us to wait.',
    safe: 'Everything waits here and follows.',
    next: 'We wait as long as it says.',
  },
  'upstream-error': {
    who: 'later',
    what: '{host} reports a fault of its own ({status}).',
    safe: 'Everything waits here and follows.',
    next: 'It is tried again by itself.',
  },
  'upstream-forbidden': {
    who: 'person',
    what: '{host} does not accept our key ({status}).',
    safe: 'Everything waits here and follows.',
    next: 'Enter the key again in the settings of the destination.',
  },
  'upstream-gone': {
    who: 'person',
    what: '{host} says that this address is closed for good ({status}).',
    safe: 'Everything waits here. Sending has stopped.',
    next: 'Ask the operator for the new address.',
  },
  'upstream-name-unknown': {
    who: 'later',
    what: 'The name {host} cannot be found on the network.',
    safe: 'Everything waits here and follows.',
    next: 'Check the internet line of this PC, then the address.',
  },
  'upstream-refuses-all': {
    who: 'later',
    what: '{host} refuses every record that it is sent ({detail}).',
    safe: 'No record is set aside for it and nothing is lost. Everything waits here and follows.',
    next: 'Ask whoever runs it: the reason lies there, or in something that concerns every record. It is tried again by itself.',
  },
  'upstream-timeout': {
    who: 'later',
    what: '{host} did not answer within {seconds} s.',
    safe: 'Everything waits here and follows; what it may have got comes again under the same ids.',
    next: 'It is tried again by itself.',
  },
  'upstream-unreachable': {
    who: 'later',
    what: '{host} cannot be reached ({detail}).',
    safe: 'Everything waits here and follows.',
    next: 'It is tried again by itself. Check the internet line.',
  },
  'upstream-blocked': {
    who: 'later',
    what: '{host} takes no messages at the moment: {reason}.',
    safe: 'Everything waits here and follows.',
    next: 'It goes on by itself as soon as the broker has room. Its operator has to see to its memory or its disk.',
  },
  'upstream-login': {
    who: 'person',
    what: '{host} does not let {user} in ({place}).',
    safe: 'Everything waits here and follows.',
    next: 'Check user name and password with whoever runs {host}. The text for the administrator, in the connection, says what has to be there.',
  },
  'upstream-place-missing': {
    who: 'person',
    what: '{host} has no {place}, or does not show it to us.',
    safe: 'Everything waits here and follows.',
    next: 'Give the text for the administrator, in the connection, to whoever runs {host}: it makes what is missing.',
  },
  'upstream-rights': {
    who: 'person',
    what: '{host} does not allow {user} what sending needs: {right} on {place}.',
    safe: 'Everything waits here and follows.',
    next: 'Give the text for the administrator, in the connection, to whoever runs {host}: it grants exactly what is needed.',
  },
  'upstream-shape': {
    who: 'person',
    what: 'What stands on {host} in {place} is not as it has to be: {detail}.',
    safe: 'Nothing was written there. Everything waits here and follows.',
    next: 'Let whoever runs {host} compare it with the text for the administrator, in the connection.',
  },
  'upstream-unroutable': {
    who: 'person',
    what: 'On {host}, no queue takes what is sent to {exchange} under {key}.',
    safe: 'Nothing of it is counted as delivered, and nothing was set aside. Everything waits here and follows.',
    next: 'Ask whoever runs {host} to bind a queue to {exchange}. The text for the administrator, in the connection, does it.',
  },
} as const satisfies Record<string, FaultText>;

export type FaultCode = keyof typeof faults;

/** Faults that stand beside the work, which goes on well. Each ends by itself, not with the next good run. */
export const sidelines: readonly FaultCode[] = [
  'disk-low',
  'database-mended',
  'check-found-damage',
  'certificate-differs',
  'database-restored',
  'copies-unread',
  'backup-drill-failed',
  'backup-overdue',
  'backup-folder-unusable',
  'backup-no-room',
  'backup-unreadable',
  'backup-plan-unreadable',
  'archive-refused',
  'archive-unsure',
  'folder-unwritable',
  'parts-missing',
  'removal-refused',
  'source-rows-vanished',
  'source-went-back',
];

/** Faults that stand until a person has said that they were seen. */
export const acknowledged = ['check-found-damage', 'database-restored', 'copies-unread'] as const satisfies readonly FaultCode[];

export const faultCodes = Object.keys(faults) as [FaultCode, ...FaultCode[]];

/** A failure as it crosses a process: the code, and the few plain words that fill its sentence. */
export const FaultReport = z.strictObject({
  code: z.enum(faultCodes),
  detail: z.record(z.string(), z.string()).default({}),
});
export type FaultReport = z.infer<typeof FaultReport>;

/**
 * A failure that has a name. Thrown at the edge where a driver is called, with the driver's error as `cause`.
 * `detail` is shown to people and written to logs: it never holds guest data or a secret.
 */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: Readonly<Record<string, string>>;

  constructor(code: FaultCode, detail: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(fillText(faults[code].what, detail), options);
    this.name = 'Fault';
    this.code = code;
    this.detail = detail;
  }

  get who(): WhoActs {
    return faults[this.code].who;
  }

  report(): FaultReport {
    return { code: this.code, detail: { ...this.detail } };
  }
}

/** Fill the `{names}` of a sentence; a name without a value stays readable as "…". */
export function fillText(text: string, detail: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => detail[name] ?? '…');
}
