package doctor

import "github.com/cloudbase-community/tcbauth/internal/bilingual"

// What is said of the settings.
var (
	noRegion   = bilingual.Of("%q is not the name of a region.", "%q 不是地域名称。")
	doNoRegion = bilingual.Of(
		"Give the region as the console shows it, such as ap-shanghai: --region, or the variable of the region.",
		"请按控制台显示的写法填写地域，例如 ap-shanghai：用 --region 或对应的环境变量。",
	)
	regionFine       = bilingual.Of("The region is %s.", "地域为 %s。")
	regionWithoutSMS = bilingual.Of("The region is %s. Codes by SMS are sent in %s only.", "地域为 %s。短信验证码仅支持 %s。")

	envMissing   = bilingual.Of("No environment is chosen.", "尚未指定环境。")
	doEnvMissing = bilingual.Of("Give the environment's id: --env, or the variable of the environment.", "请用 --env 或对应的环境变量给出环境 ID。")
	envForm      = bilingual.Of("%q is not the id of an environment.", "%q 不是环境 ID。")
	doEnvForm    = bilingual.Of(
		"Copy the id from the console's overview page: letters, digits and hyphens, such as prod-1a2b3c.",
		"请从云开发控制台的概览页复制环境 ID：由字母、数字和连字符组成，例如 prod-1a2b3c。",
	)
	envFine       = bilingual.Of("The server knows the environment %s.", "服务端认可环境 %s。")
	envNotAsked   = bilingual.Of("The environment is %s; the server could not be asked about it.", "环境为 %s；暂时无法向服务端确认。")
	doEnvNotAsked = bilingual.Of("Solve the other problems first, then run this again.", "请先解决其他问题，再重新检查。")
	envUnknown    = bilingual.Of("The server %s does not know the environment %s.", "服务端 %s 不认可环境 %s。")
	envRefused    = bilingual.Of("The server has refused a question for the environment %s: %s.", "服务端拒绝了针对环境 %s 的查询：%s。")
	doEnvUnknown  = bilingual.Of(
		"Compare the environment's id and its region with the console's overview page; both must fit (--env, --region).",
		"请与云开发控制台的概览页核对环境 ID 和地域，两者必须对应（--env、--region）。",
	)
)

// What is said of the way to the server.
var (
	pageInstead = bilingual.Of("A web page comes in place of the answer of %s (status %d).", "%s 返回的是网页，而不是接口应答（状态码 %d）。")
	doPage      = bilingual.Of(
		"Open any page in a browser, in case the network wants you to sign in to it. Behind a company's proxy, set HTTPS_PROXY, or take %s out of it by NO_PROXY.",
		"请用浏览器打开任意网页，看网络是否需要先登录。若在公司代理之后，请设置 HTTPS_PROXY，或用 NO_PROXY 排除 %s。",
	)
	proxyBroken    = bilingual.Of("The address of the proxy cannot be read.", "代理地址无法识别。")
	doProxyBroken  = bilingual.Of("Correct HTTPS_PROXY: it is like http://proxy.example.com:8080.", "请修正 HTTPS_PROXY，格式如 http://proxy.example.com:8080。")
	proxyUsed      = bilingual.Of("Requests go through the proxy %s.", "请求经由代理 %s。")
	proxyNone      = bilingual.Of("No proxy stands between.", "未使用代理。")
	proxyRefuses   = bilingual.Of("The proxy does not let requests through to %s.", "代理无法连通 %s。")
	doProxyRefuses = bilingual.Of("Compare HTTPS_PROXY with the settings of your network, or unset it.", "请核对 HTTPS_PROXY 与网络设置，或取消该变量。")

	noURL   = bilingual.Of("The base URL cannot be used.", "服务端地址无法使用。")
	doNoURL = bilingual.Of(
		"Give an https URL without a user and a query; plain http is for this machine only (--base-url). Without it CloudBase's own server is used.",
		"请给出不含用户名和查询参数的 https 地址；http 只能用于本机（--base-url）。不指定时使用云开发的服务端。",
	)
	hostReached   = bilingual.Of("%s answers, after %v.", "%s 可以访问，用时 %v。")
	nameUnknown   = bilingual.Of("There is no host %s (DNS).", "域名 %s 不存在（DNS）。")
	doNameUnknown = bilingual.Of(
		"Check the environment's id and the region, which are parts of the name. If no other host is found either, check the network.",
		"请检查环境 ID 和地域，域名由它们组成。若其他域名也无法解析，请检查网络。",
	)
	dnsSilent      = bilingual.Of("The name %s cannot be looked up: DNS does not answer.", "无法解析域名 %s：DNS 没有应答。")
	doDNSSilent    = bilingual.Of("Check the network connection and its DNS servers.", "请检查网络连接和 DNS 服务器。")
	noConnection   = bilingual.Of("No connection to %s (TCP).", "无法连接 %s（TCP）。")
	doNoConnection = bilingual.Of(
		"Check the network and its firewall. Where only a proxy leads out, set HTTPS_PROXY.",
		"请检查网络和防火墙。若只能通过代理访问外网，请设置 HTTPS_PROXY。",
	)
	certExpired   = bilingual.Of("The certificate of %s is not valid at this time (TLS).", "%s 的证书不在有效期内（TLS）。")
	doCertExpired = bilingual.Of("Check this machine's date and time first.", "请先检查本机的日期和时间。")
	noTLS         = bilingual.Of("No secure connection to %s (TLS).", "无法与 %s 建立安全连接（TLS）。")
	doNoTLS       = bilingual.Of(
		"Something between may replace the certificates: a company's proxy or a virus scanner. Add its root certificate to this system, or let %s pass it by.",
		"中间可能有设备替换了证书，例如公司代理或杀毒软件。请把它的根证书加入系统，或让 %s 绕过它。",
	)
	serverSilent   = bilingual.Of("%s is connected and does not answer within %v.", "%s 已连接，但 %v 内没有应答。")
	connectionLost = bilingual.Of("The connection to %s was lost before the answer.", "与 %s 的连接在应答之前中断。")
	serverTrouble  = bilingual.Of("The server has trouble of its own (status %d).", "服务端出现故障（状态码 %d）。")
	doServerSilent = bilingual.Of("Try again in a few minutes.", "请几分钟后再试。")
	certsServed    = bilingual.Of("The server publishes its keys (%d).", "服务端已公布公钥（%d 个）。")
	noAuthServer   = bilingual.Of("%s does not answer as an auth server (status %d).", "%s 的应答不像身份认证服务（状态码 %d）。")
	doNoAuthServer = bilingual.Of("Check the environment's id, the region and --base-url.", "请检查环境 ID、地域和 --base-url。")

	clockRight  = bilingual.Of("The clock is right.", "本机时间准确。")
	clockAhead  = bilingual.Of("The clock of this machine is %v ahead of the server's.", "本机时间比服务端快 %v。")
	clockBehind = bilingual.Of("The clock of this machine is %v behind the server's.", "本机时间比服务端慢 %v。")
	doClock     = bilingual.Of(
		"Let the system set its time by the network; tokens are taken for expired, or used too long, by a wrong clock.",
		"请让系统自动同步网络时间；时间不准会使令牌被误判为过期或仍被使用。",
	)
)

// What is said of this machine.
var (
	storeNone       = bilingual.Of("No store of sessions is chosen so far; the first sign-in does that.", "尚未选择会话存储；首次登录时会选择。")
	storeNew        = bilingual.Of("The sessions will lie in %s, which can be made.", "会话将保存在 %s，该目录可以创建。")
	storeFine       = bilingual.Of("%s can be written, and is private.", "%s 可写，且仅本人可访问。")
	storeUnreadable = bilingual.Of("%s cannot be read: %v.", "无法读取 %s：%v。")
	storeReadOnly   = bilingual.Of("%s cannot be written: %v.", "无法写入 %s：%v。")
	doStoreReadOnly = bilingual.Of(
		"Make the directory your own and writable (chown, chmod 700), or choose another one by the variable of the directory.",
		"请确保该目录属于本人且可写（chown、chmod 700），或用对应的环境变量改用其他目录。",
	)
	storeNoDir    = bilingual.Of("%s is not a directory.", "%s 不是目录。")
	doStoreNoDir  = bilingual.Of("Move the file away.", "请移走该文件。")
	storeShared   = bilingual.Of("Others can read %s.", "其他用户可以读取 %s。")
	doStoreShared = bilingual.Of(
		"Run: chmod -R go= %s. Whoever has read the session can act as you: end it with logout --all, and sign in again.",
		"请运行：chmod -R go= %s。读过会话的人可以冒用你的身份：请用 logout --all 结束会话，再重新登录。",
	)
	storeNotOpened = bilingual.Of("The store of sessions cannot be opened: %v.", "无法打开会话存储：%v。")

	keyringFine   = bilingual.Of("The keyring answers, and has the key of the sessions.", "系统密钥环可用，且保存着会话的密钥。")
	keyringDead   = bilingual.Of("The keyring does not answer, or it is locked.", "系统密钥环没有应答，或已锁定。")
	doKeyringDead = bilingual.Of(
		"Unlock it, or start its service. On a machine without a desktop sign in with --store file.",
		"请解锁或启动系统密钥环。没有桌面环境的机器请用 --store file 登录。",
	)
	keyLost   = bilingual.Of("The keyring does not have the key of the stored sessions any more.", "系统密钥环中已没有会话的密钥。")
	doKeyLost = bilingual.Of("Sign out, which removes the sessions that nobody can read, and sign in again.", "请退出登录（会删除已无法读取的会话），再重新登录。")

	lockFree   = bilingual.Of("No process holds the lock of a session.", "没有进程占用会话锁。")
	lockHeld   = bilingual.Of("Another process has held the lock of a session for %v: %s.", "另一个进程已占用会话锁 %v：%s。")
	doLockBusy = bilingual.Of("It may be renewing the session. Try again in a minute.", "它可能正在刷新会话，请一分钟后再试。")
	doLockHeld = bilingual.Of("Find the process that hangs and end it: fuser %s", "请找到卡住的进程并结束它：fuser %s")

	nobodySignedIn   = bilingual.Of("Nobody is signed in.", "尚未登录。")
	sessionGood      = bilingual.Of("There is a session; its token is good for %v.", "已登录；令牌在 %v 内有效。")
	sessionToRenew   = bilingual.Of("There is a session; its token has expired, and the next command renews it.", "已登录；令牌已过期，下次运行命令时会刷新。")
	sessionDamaged   = bilingual.Of("The stored session cannot be read.", "保存的会话已损坏，无法读取。")
	doSessionDamaged = bilingual.Of("Sign out, which removes it, and sign in again.", "请退出登录（会删除它），再重新登录。")

	issuerFine    = bilingual.Of("The session is of this server.", "会话由当前服务端签发。")
	otherIssuer   = bilingual.Of("The session was issued by %s, and the server in force is %s.", "会话由 %s 签发，而当前服务端是 %s。")
	otherProject  = bilingual.Of("The session is of the environment %s, and %s is in force.", "会话属于环境 %s，而当前环境是 %s。")
	doOtherIssuer = bilingual.Of(
		"Choose the region and the server with which you signed in (--region, --base-url, --profile), or sign in again.",
		"请改用登录时的地域和服务端（--region、--base-url、--profile），或重新登录。",
	)

	noEnd   = bilingual.Of("The check did not end within %v.", "检查未能在 %v 内完成。")
	doNoEnd = bilingual.Of("Something that it needs does not answer, such as a network drive or the keyring.", "它依赖的组件没有应答，例如网络磁盘或系统密钥环。")
)
