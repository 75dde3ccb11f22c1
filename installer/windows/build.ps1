# Builds the Windows bundle: the program folder by installer/build.py, then Inno Setup 6 around it.
#   powershell -File installer\windows\build.ps1 [-Variant cpu|gpu] [-Key PATH]
# Not run on Windows yet; .github/workflows/bundles.yml is where it is meant to run.
param([string]$Variant = "cpu", [string]$Key = "")
$ErrorActionPreference = "Stop"
$root = (Resolve-Path "$PSScriptRoot\..\..").Path
Set-Location $root

py -3.11 -m installer.build --variant $Variant
if ($LASTEXITCODE) { throw "The program folder could not be built." }

$out = "$root\build\bundle"
$facts = Get-ChildItem "$out\*-windows-*-$Variant.build.json" | Sort-Object LastWriteTime | Select-Object -Last 1
$name = $facts.Name -replace '\.build\.json$', ''
$built = Get-Content $facts.FullName -Raw | ConvertFrom-Json
$day = [DateTimeOffset]::FromUnixTimeSeconds([int64]$built.epoch).UtcDateTime.ToString("yyyy-MM-dd")
$compiler = (Get-Command iscc.exe -ErrorAction SilentlyContinue).Source
if (-not $compiler) { $compiler = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe" }
& $compiler "/DVersion=$($built.version)" "/DProgram=$out\work\frozen\$Variant\her2desk" "/DOutput=$out" `
    "/DName=$name" "/DTouchDate=$day" "$PSScriptRoot\her2desk.iss"
if ($LASTEXITCODE) { throw "Inno Setup could not wrap the program folder." }

$sum = (Get-FileHash "$out\$name.exe" -Algorithm SHA256).Hash.ToLower()
[IO.File]::WriteAllText("$out\$name.SHA256SUMS", "$sum  $name.exe`n")
if ($Key) { ssh-keygen -Y sign -n her2desk -f $Key "$out\$name.SHA256SUMS" }
else { Write-Warning "NOT SIGNED: no key was given (-Key), so nobody can tell who built this." }
