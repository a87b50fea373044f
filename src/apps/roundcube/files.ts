/** @file The files that Roundcube and Dovecot are configured with, and the mail server that keeps what it is given. */

/**
 * Every copy listens on its port: the pages on 127.0.0.1, the mail boxes on 127.0.0.2, the server that sends on
 * 127.0.0.3. `MAILS` is the copy's folder.
 */
export const ROUNDCUBE = String.raw`<?php
$config = [];
$config['db_dsnw'] = 'sqlite:///' . getenv('MAILS') . '/' . file_get_contents(getenv('MAILS') . '/current') . '/mail.sqlite?mode=0600';
$config['imap_host'] = '127.0.0.2:' . getenv('PORT');
$config['username_domain'] = 'haldenlamps.example';
$config['mail_domain'] = 'haldenlamps.example';
$config['smtp_host'] = '127.0.0.3:' . getenv('PORT');
$config['smtp_user'] = '';
$config['smtp_pass'] = '';
$config['product_name'] = 'Halden Lamps mail';
$config['des_key'] = 'only-this-machine-reads-';
$config['plugins'] = [];
$config['skin'] = 'elastic';
$config['language'] = 'en_US';
$config['temp_dir'] = getenv('MAILS') . '/temp';
$config['log_driver'] = 'stdout';
$config['session_storage'] = 'db';
$config['login_rate_limit'] = 1000;
$config['enable_spellcheck'] = false;
$config['draft_autosave'] = 0;
$config['refresh_interval'] = 0;
// Minutes. The page does not ask by itself, and an agent may think for longer than the ten that are usual.
$config['session_lifetime'] = 1440;
$config['prettydate'] = false;
$config['timezone'] = 'UTC';
`;

/** `@NAME@` is replaced when a copy starts. */
export const DOVECOT = `protocols = imap
listen = 127.0.0.2
base_dir = @MAILS@/run
state_dir = @MAILS@/run
log_path = @MAILS@/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_username_format = %Ln
mail_location = maildir:@MAILS@/now/boxes/%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN @MAILS@/users
}
userdb {
  driver = static
  args = uid=@UID@ gid=@GID@ home=@MAILS@/now/boxes/%n
}
service imap-login {
  inet_listener imap {
    port = @PORT@
  }
  inet_listener imaps {
    port = 0
  }
}
`;

/** For a user other than root: Dovecot then runs as that user, too. */
export const DOVECOT_AS_USER = `default_internal_user = @USER@
default_login_user = @USER@
default_internal_group = @GROUP@
service imap-login {
  chroot =
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`;

/** Takes every mail and keeps it as a file, with its envelope first. Nothing leaves the machine. */
export const SINK = String.raw`<?php
[, $port, $mails] = $argv;
$server = stream_socket_server("tcp://127.0.0.3:$port", $code, $why) or exit("$why\n");
while (true) {
	$client = @stream_socket_accept($server, -1);
	if (!$client) continue;
	$say = fn ($line) => fwrite($client, "$line\r\n");
	$say('220 ready');
	$to = [];
	while (($line = fgets($client)) !== false) {
		$word = strtoupper(substr(trim($line), 0, 4));
		if ($word === 'RCPT') $to[] = preg_replace('/.*<(.*)>.*/s', '$1', $line);
		if ($word === 'DATA') {
			$say('354 go on');
			$text = '';
			while (($line = fgets($client)) !== false && rtrim($line, "\r\n") !== '.') $text .= preg_replace('/^\.\./', '.', $line);
			$folder = $mails . '/' . file_get_contents("$mails/current") . '/outbox';
			file_put_contents($folder . '/' . hrtime(true), 'X-Envelope-To: ' . implode(', ', $to) . "\r\n" . $text);
			$to = [];
		}
		$say($word === 'QUIT' ? '221 bye' : '250 fine');
		if ($word === 'QUIT') break;
	}
	fclose($client);
}
`;

/**
 * `sh start.sh`: begins a copy and serves it. `sh start.sh reset`: replaces the boxes and the database by fresh ones in
 * another folder: whatever still writes has the old files. PHP remembers where a symbolic link led, so it reads the
 * folder's name from a file; Dovecot, which has no other way, follows the link.
 */
export const START = String.raw`set -e
APP=$(pwd)
if [ "$1" != reset ]; then
	rm -rf "$MAILS"
	mkdir -p "$MAILS/run" "$MAILS/temp"
fi
old=$(cat "$MAILS/current" 2>/dev/null || echo 0)
next=$((old + 1))
mkdir "$MAILS/$next"
cp -R prepared/. "$MAILS/$next"
OWNER=$(id -u)
GROUP=$(id -g)
if [ "$OWNER" = 0 ]; then
	# Dovecot reads no box as root.
	OWNER=$(id -u mail)
	GROUP=$(id -g mail)
	chown -R "$OWNER:$GROUP" "$MAILS/$next/boxes"
fi
ln -s "$next" "$MAILS/link"
mv -T "$MAILS/link" "$MAILS/now"
printf %s "$next" > "$MAILS/name"
mv "$MAILS/name" "$MAILS/current"
rm -rf "${"$"}{MAILS:?}/$old"
[ "$1" != reset ] || exit 0
sed -e "s#@MAILS@#$MAILS#g; s#@PORT@#$PORT#; s#@UID@#$OWNER#; s#@GID@#$GROUP#; s#@USER@#$(id -un)#; s#@GROUP@#$(id -gn)#" dovecot.conf > "$MAILS/dovecot.conf"
cp users "$MAILS/users"
export MAILS ROUNDCUBE_CONFIG_DIR="$APP/config"
# Without its mail server, or the sink of what is sent, a copy is not one.
{ dovecot -F -c "$MAILS/dovecot.conf" || true; kill $$; } &
{ php sink.php "$PORT" "$MAILS" || true; kill $$; } &
exec php -d opcache.enable_cli=1 -d opcache.file_cache="$APP/opcache" -d opcache.validate_timestamps=0 -S "127.0.0.1:$PORT" -t /var/lib/roundcube/public_html
`;
